"""Keys as an issuer publishes them."""

from base64 import urlsafe_b64encode

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

JSON = object | None


def jwk(key: RSAPrivateKey, kid: str | None, **changes: JSON) -> dict[str, JSON]:
    """The public half of `key`; a member that is changed to None is left out."""
    numbers = key.public_key().public_numbers()
    entry: dict[str, JSON] = {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": kid,
        "n": _encoded(numbers.n),
        "e": _encoded(numbers.e),
    }
    return {name: value for name, value in (entry | changes).items() if value is not None}


def jwk_set(*entries: JSON) -> bytes:
    return msgspec.json.encode({"keys": entries})


def _encoded(number: int) -> str:
    return urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()
