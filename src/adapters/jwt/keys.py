"""RSA public keys that verify tokens."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

MIN_KEY_BITS = 2048  # RFC 7518, 3.3


class KeySource(Protocol):
    """Finds the keys for a token."""

    async def candidates(self, kid: str | None) -> Sequence[RSAPublicKey]:
        """The keys that may have signed a token with this `kid`. Raises `Unavailable` when there are none to try."""
        ...


class StaticKeys:
    """The same keys for every `kid`."""

    def __init__(self, *keys: RSAPublicKey) -> None:
        self._keys = keys

    async def candidates(self, kid: str | None) -> Sequence[RSAPublicKey]:
        """All the keys."""
        return self._keys


def load_public_key(path: Path) -> RSAPublicKey:
    """Loads an RSA public key from a PEM file.

    Raises ValueError for another kind of key and for one of fewer than 2,048 bits, OSError when it cannot be read.
    """
    key = load_pem_public_key(path.read_bytes())
    if not isinstance(key, RSAPublicKey):
        raise ValueError(f"{path} holds no RSA public key")
    if key.key_size < MIN_KEY_BITS:
        raise ValueError(f"the key in {path} has fewer than {MIN_KEY_BITS} bits")
    return key
