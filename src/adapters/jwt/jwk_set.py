"""A JWK Set (RFC 7517): the keys in it that may have signed a token of ours."""

from base64 import urlsafe_b64decode
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from adapters.jwt.claims import ALGORITHM
from adapters.jwt.keys import MIN_KEY_BITS

MAX_KEYS = 100
MAX_KEY_BITS = 16_384  # OpenSSL checks no signature with a longer one
MAX_CANDIDATES = 10  # each of them costs a signature check, and it is a stranger who asks


class _Document(msgspec.Struct):
    keys: list[dict[str, Any]]


class JwkSet:
    def __init__(self, keys: Iterable[tuple[str | None, RSAPublicKey]]) -> None:
        self._keys = tuple(keys)
        self._kids = {kid for kid, _ in self._keys}

    def knows(self, kid: str | None) -> bool:
        """Whether the keys for this `kid` are all here; a token without one says nothing of what is missing."""
        return kid is None or kid in self._kids

    def candidates(self, kid: str | None) -> Sequence[RSAPublicKey]:
        """The keys of that name, and those without a name; all of them for a token without one. Ten at most."""
        fitting = [(name, key) for name, key in self._keys if kid is None or name is None or name == kid]
        fitting.sort(key=lambda named: named[0] != kid)
        return [key for _, key in fitting[:MAX_CANDIDATES]]


def parse_jwk_set(document: bytes) -> JwkSet:
    """The RSA keys for signatures in `document`; keys for anything else are passed over.

    Raises ValueError for what is no JWK Set.
    """
    try:
        entries = msgspec.json.decode(document, type=_Document).keys
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("the answer is no JWK Set") from None
    found = ((_kid(entry), _key(entry)) for entry in entries[:MAX_KEYS])
    return JwkSet((kid, key) for kid, key in found if key is not None)


def _kid(entry: dict[str, Any]) -> str | None:
    kid = entry.get("kid")
    return kid if isinstance(kid, str) else None


def _key(entry: dict[str, Any]) -> RSAPublicKey | None:
    """The key, when it may verify our tokens' signatures (RFC 7517, section 4)."""
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
    """A Base64urlUInt (RFC 7518, section 2). Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError
    return int.from_bytes(urlsafe_b64decode(value + "=="), "big")
