"""Base64 in its URL-safe alphabet and without padding (RFC 4648, section 5)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encode(octets: bytes) -> str:
    """The text of `octets`."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The octets of a text that `encode` makes. Raises ValueError for any other text."""
    octets = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(octets) != text:  # the standard library passes over what is no part of Base64
        raise ValueError
    return octets
