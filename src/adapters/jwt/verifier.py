"""Verifies the tokens of users and of trusted services (contract, section 4)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from adapters.jwt.keys import KeySource
from application.ports.clock import Clock
from domain.errors import Invalid, Unauthenticated
from domain.identifiers import parse_email
from domain.principal import Principal, Service, User

ALGORITHM = "RS256"
MAX_TOKEN_LENGTH = 8_192
MAX_SERVICE_LIFETIME = 120.0  # seconds between iat and exp
LEEWAY = 5.0  # seconds that another machine's clock may be ahead, for iat and nbf; none for exp

_CHECKED_HERE: Any = {f"verify_{claim}": False for claim in ("exp", "iat", "nbf", "aud", "iss", "sub", "jti")}
_UNVERIFIED: Any = _CHECKED_HERE | {"verify_signature": False}


class JwtTokenVerifier:
    """`issuer` and `audience` are those of users' tokens, checked when given; `services` are trusted by `iss`."""

    def __init__(
        self,
        keys: KeySource,
        clock: Clock,
        *,
        issuer: str | None = None,
        audience: str | None = None,
        services: Mapping[str, RSAPublicKey] | None = None,
        service_name: str = "chat-service",
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._issuer = issuer
        self._audience = audience
        self._services = {} if services is None else services  # one that knows any name has no length
        self._service_name = service_name

    async def verify(self, token: str) -> Principal:
        if len(token) > MAX_TOKEN_LENGTH:
            raise Unauthenticated("the token is too long")
        kid, issuer = _unverified(token)
        service_key = self._services.get(issuer) if issuer is not None else None
        if service_key is not None:
            return self._service(_verified(token, [service_key]))
        return self._user(_verified(token, await self._keys.candidates(kid)))

    def _user(self, claims: Mapping[str, Any]) -> User:
        expires_at = self._times(claims)[1]
        if self._issuer is not None and claims.get("iss") != self._issuer:
            raise Unauthenticated("the token is of another issuer")
        if self._audience is not None and self._audience not in _audiences(claims):
            raise Unauthenticated("the token is for another audience")
        subject = claims.get("sub")
        if not isinstance(subject, str):
            raise Unauthenticated("the token names nobody")
        try:
            return User(parse_email(subject), expires_at)
        except Invalid:
            raise Unauthenticated("the token's sub is not an e-mail address") from None

    def _service(self, claims: Mapping[str, Any]) -> Service:
        issued_at, expires_at = self._times(claims)
        if self._service_name not in _audiences(claims):
            raise Unauthenticated("the token is for another service")
        if issued_at is None or not 0 < (expires_at - issued_at).total_seconds() <= MAX_SERVICE_LIFETIME:
            raise Unauthenticated(f"a service's token lives {MAX_SERVICE_LIFETIME:.0f} s at most")
        return Service(str(claims["iss"]), expires_at)

    def _times(self, claims: Mapping[str, Any]) -> tuple[datetime | None, datetime]:
        """`iat` and `exp`, when the token is valid now."""
        now = self._clock.now()
        expires_at, issued_at, not_before = (_time(claims, name) for name in ("exp", "iat", "nbf"))
        if expires_at is None:
            raise Unauthenticated("the token has no exp")
        if expires_at <= now:
            raise Unauthenticated("the token has expired")
        if any(start is not None and (start - now).total_seconds() > LEEWAY for start in (issued_at, not_before)):
            raise Unauthenticated("the token is not valid yet")
        return issued_at, expires_at


def _unverified(token: str) -> tuple[str | None, str | None]:
    """`kid` and `iss` as the token claims them: only good for choosing the key that has to prove it."""
    try:
        parts = jwt.decode_complete(token, options=_UNVERIFIED)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise Unauthenticated("the token cannot be read") from None
    if parts["header"].get("alg") != ALGORITHM:
        raise Unauthenticated(f"only {ALGORITHM} is accepted")
    kid, issuer = parts["header"].get("kid"), parts["payload"].get("iss")
    return (kid if isinstance(kid, str) else None, issuer if isinstance(issuer, str) else None)


def _verified(token: str, keys: Sequence[RSAPublicKey]) -> Mapping[str, Any]:
    for key in keys:
        try:
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=[ALGORITHM], options=_CHECKED_HERE)
        except (jwt.PyJWTError, ValueError):
            continue
        return claims
    raise Unauthenticated("the token's signature is not valid")


def _audiences(claims: Mapping[str, Any]) -> Sequence[Any]:
    audience = claims.get("aud")
    return audience if isinstance(audience, list) else [audience]


def _time(claims: Mapping[str, Any], name: str) -> datetime | None:
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
