"""RSA public keys, by which tokens are judged."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

MIN_KEY_BITS = 2048  # RFC 7518, 3.3


class KeySource(Protocol):
    async def candidates(self, kid: str | None) -> Sequence[RSAPublicKey]:
        """The keys that a token with this `kid` may be signed with. Raises `Unavailable` when they cannot be had."""
        ...


class StaticKeys:
    """Keys that never change, whatever the `kid`."""

    def __init__(self, *keys: RSAPublicKey) -> None:
        self._keys = keys

    async def candidates(self, kid: str | None) -> Sequence[RSAPublicKey]:
        return self._keys


def load_public_key(path: Path) -> RSAPublicKey:
    """The RSA key in a PEM file. Raises ValueError for anything else and for a short key, OSError without the file."""
    key = load_pem_public_key(path.read_bytes())
    if not isinstance(key, RSAPublicKey):
        raise ValueError(f"{path} holds no RSA public key")
    if key.key_size < MIN_KEY_BITS:
        raise ValueError(f"the key in {path} has fewer than {MIN_KEY_BITS} bits")
    return key
