"""A token: decoded once, and its signature checked with the keys that the verifier chooses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from adapters.jwt.claims import Claims
from domain.errors import Unauthenticated

ALGORITHM = "RS256"

# the verifier checks these claims, since it has our clock
_UNCHECKED: Any = {f"verify_{claim}": False for claim in ("exp", "iat", "nbf", "aud", "iss", "sub", "jti", "signature")}
_SIGNATURES = jwt.PyJWS()


@dataclass(frozen=True, slots=True)
class Token:
    """A decoded token. Before `check_signature` has returned, use `claims` only to choose the key."""

    text: str
    kid: str | None
    claims: Claims

    @classmethod
    def decode(cls, text: str) -> Self:
        """Decodes a token. Raises `Unauthenticated` when it cannot be decoded or names another algorithm."""
        try:
            parts = jwt.decode_complete(text, options=_UNCHECKED)
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise Unauthenticated("the token cannot be read") from None
        if parts["header"].get("alg") != ALGORITHM:
            raise Unauthenticated(f"only {ALGORITHM} is accepted")
        kid = parts["header"].get("kid")
        return cls(text, kid if isinstance(kid, str) else None, Claims.read(parts["payload"]))

    def check_signature(self, keys: Sequence[RSAPublicKey]) -> None:
        """Checks the signature. Raises `Unauthenticated` unless one of `keys` has signed the token."""
        for key in keys:
            try:
                _SIGNATURES.decode_complete(self.text, key, algorithms=[ALGORITHM])
            except (jwt.PyJWTError, ValueError):
                continue
            return
        raise Unauthenticated("the token's signature is not valid")
