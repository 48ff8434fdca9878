"""What a token claims, and whether it is signed: taken apart without a thought of who may claim what."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from domain.errors import Invalid, Unauthenticated
from domain.identifiers import Email, parse_email

ALGORITHM = "RS256"
MAX_NAME_LENGTH = 1_000

# all that the library would check itself is left to the verifier, which has our clock
_CHECKED_HERE: Any = {f"verify_{claim}": False for claim in ("exp", "iat", "nbf", "aud", "iss", "sub", "jti")}
_UNVERIFIED: Any = _CHECKED_HERE | {"verify_signature": False}


def unverified(token: str) -> tuple[str | None, Mapping[str, Any]]:
    """`kid` and what the token claims: only good for choosing the key that has to prove it."""
    try:
        parts = jwt.decode_complete(token, options=_UNVERIFIED)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise Unauthenticated("the token cannot be read") from None
    if parts["header"].get("alg") != ALGORITHM:
        raise Unauthenticated(f"only {ALGORITHM} is accepted")
    kid, claimed = parts["header"].get("kid"), parts["payload"]
    return (kid if isinstance(kid, str) else None, claimed)


def verified(token: str, keys: Sequence[RSAPublicKey]) -> Mapping[str, Any]:
    for key in keys:
        try:
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=[ALGORITHM], options=_CHECKED_HERE)
        except (jwt.PyJWTError, ValueError):
            continue
        return claims
    raise Unauthenticated("the token's signature is not valid")


def email_of(claims: Mapping[str, Any]) -> Email | None:
    """The person that the token is about."""
    subject = claims.get("sub")
    try:
        return parse_email(subject) if isinstance(subject, str) else None
    except Invalid:
        return None


def person_of(claims: Mapping[str, Any], *, by_email_claim: bool) -> Email | None:
    """The person by `sub`; with `by_email_claim` a `sub` that is no address gives way to the claim `email`.

    OpenID Connect Core 1.0, section 5.1: an issuer that says `email_verified: false` does not vouch for the address.
    """
    email = email_of(claims)
    if email is None and by_email_claim and claims.get("email_verified", True) is True:
        email = email_of({"sub": claims.get("email")})
    return email


def name_of(claims: Mapping[str, Any]) -> str:
    """The claim `name`, as far as it can be stored and shown; else empty."""
    name = claims.get("name")
    if not isinstance(name, str) or len(name) > MAX_NAME_LENGTH or not name.replace(" ", "").isprintable():
        return ""
    return name.strip()


def audiences_of(claims: Mapping[str, Any]) -> Sequence[Any]:
    audience = claims.get("aud")
    return audience if isinstance(audience, list) else [audience]


def time_of(claims: Mapping[str, Any], name: str) -> datetime | None:
    """The claim as a time; None without one."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unauthenticated(f"the token's {name} is not a time")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise Unauthenticated(f"the token's {name} is not a time") from None
