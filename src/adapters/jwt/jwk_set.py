"""Parses a JWK Set (RFC 7517) and finds the keys that may have signed a token."""

from base64 import urlsafe_b64decode
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from adapters.jwt.keys import MIN_KEY_BITS
from adapters.jwt.token import ALGORITHM

MAX_KEYS = 100
MAX_KEY_BITS = 16_384  # OpenSSL refuses longer keys
MAX_CANDIDATES = 10  # each one costs a signature check, which a stranger can cause


class _Document(msgspec.Struct):
    keys: list[dict[str, Any]]


class JwkSet:
    """RSA public keys, with their `kid` or None."""

    def __init__(self, keys: Iterable[tuple[str | None, RSAPublicKey]]) -> None:
        self._keys = tuple(keys)
        self._kids = {kid for kid, _ in self._keys}

    def knows(self, kid: str | None) -> bool:
        """Whether the set has a key with this `kid`. True without a `kid`: then no key can be known to be missing."""
        return kid is None or kid in self._kids

    def candidates(self, kid: str | None) -> Sequence[RSAPublicKey]:
        """At most ten keys: those with this `kid` first, then those without one. All keys count when `kid` is None."""
        fitting = [(name, key) for name, key in self._keys if kid is None or name is None or name == kid]
        fitting.sort(key=lambda named: named[0] != kid)
        return [key for _, key in fitting[:MAX_CANDIDATES]]


def parse_jwk_set(document: bytes) -> JwkSet:
    """The RSA keys for signatures in `document`. Ignores other keys. Raises ValueError for anything else."""
    try:
        entries = msgspec.json.decode(document, type=_Document).keys
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("the answer is not a JWK Set") from None
    found = ((_kid(entry), _key(entry)) for entry in entries[:MAX_KEYS])
    return JwkSet((kid, key) for kid, key in found if key is not None)


def _kid(entry: dict[str, Any]) -> str | None:
    kid = entry.get("kid")
    return kid if isinstance(kid, str) else None


def _key(entry: dict[str, Any]) -> RSAPublicKey | None:
    """The key, if it may verify signatures of tokens (RFC 7517, section 4)."""
    operations = entry.get("key_ops", ["verify"])
    if (
        entry.get("kty") != "RSA"
        or entry.get("use", "sig") != "sig"
        or entry.get("alg", ALGORITHM) != ALGORITHM
        or not (isinstance(operations, list) and "verify" in operations)
    ):
        return None
    try:
        modulus, exponent = _number(entry.get("n")), _number(entry.get("e"))
        if not MIN_KEY_BITS <= modulus.bit_length() <= MAX_KEY_BITS:
            return None
        return RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError:
        return None


def _number(value: object) -> int:
    """Decodes a Base64urlUInt (RFC 7518, section 2). Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError
    return int.from_bytes(urlsafe_b64decode(value + "=="), "big")
