"""Verifies the tokens of users and of trusted services (contract, section 4)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from adapters.jwt.claims import audiences_of, email_of, name_of, person_of, time_of, unverified, verified
from adapters.jwt.keys import KeySource
from application.ports.clock import Clock
from domain.errors import Unauthenticated
from domain.principal import Principal, Service, User

MAX_TOKEN_LENGTH = 16_384
MAX_SERVICE_LIFETIME = 120.0  # seconds between iat and exp
LEEWAY = 5.0  # seconds that another machine's clock may be ahead, for iat and nbf; none for exp


class JwtTokenVerifier:
    """`issuer` and `audience` are those of users' tokens, checked when given; `services` are trusted by `iss`.

    With `by_email_claim` a user is told by the claims `email` and `name` as well (`claims.person_of`).

    `any_service` is for development: with that key whoever is none of those speaks for the service that `iss` names.
    """

    def __init__(
        self,
        keys: KeySource,
        clock: Clock,
        *,
        issuer: str | None = None,
        audience: str | None = None,
        services: Mapping[str, RSAPublicKey] | None = None,
        any_service: RSAPublicKey | None = None,
        service_name: str = "chat-service",
        by_email_claim: bool = False,
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._issuer = issuer
        self._audience = audience
        self._services = services or {}
        self._any_service = any_service
        self._service_name = service_name
        self._by_email_claim = by_email_claim

    async def verify(self, token: str) -> Principal:
        if len(token) > MAX_TOKEN_LENGTH:
            raise Unauthenticated("the token is too long")
        kid, claimed = unverified(token)
        service_key = self._service_key(claimed)
        if service_key is not None:
            return self._service(verified(token, [service_key]))
        return self._user(verified(token, await self._user_keys(kid)))

    async def _user_keys(self, kid: str | None) -> Sequence[RSAPublicKey]:
        """Without the keys of trusted services, which an issuer of users may publish as well."""
        services = tuple(self._services.values())
        return [key for key in await self._keys.candidates(kid) if key not in services]

    def _service_key(self, claimed: Mapping[str, Any]) -> RSAPublicKey | None:
        """The key that the token of a service has to be signed with; None for a user's."""
        issuer = claimed.get("iss")
        if not isinstance(issuer, str):
            return None
        if issuer in self._services:
            return self._services[issuer]
        # users' tokens have an `iss` as well: without a list of services, whoever is a person is a user
        is_user = issuer in ("", self._issuer) or person_of(claimed, by_email_claim=self._by_email_claim) is not None
        return None if is_user or self._service_name not in audiences_of(claimed) else self._any_service

    def _user(self, claims: Mapping[str, Any]) -> User:
        expires_at = self._times(claims)[1]
        if self._issuer is not None and claims.get("iss") != self._issuer:
            raise Unauthenticated("the token is of another issuer")
        if self._audience is not None and self._audience not in audiences_of(claims):
            raise Unauthenticated("the token is for another audience")
        email = person_of(claims, by_email_claim=self._by_email_claim)
        if email is None:
            raise Unauthenticated("the token's sub is not an e-mail address")
        return User(email, expires_at, name_of(claims) if self._by_email_claim else "")

    def _service(self, claims: Mapping[str, Any]) -> Service:
        issued_at, expires_at = self._times(claims)
        if self._service_name not in audiences_of(claims):
            raise Unauthenticated("the token is for another service")
        if claims.get("sub") != claims["iss"] or email_of(claims) is not None:
            raise Unauthenticated("a service's token has the service's name as its sub, and no e-mail address")
        if issued_at is None or not 0 < (expires_at - issued_at).total_seconds() <= MAX_SERVICE_LIFETIME:
            raise Unauthenticated(f"a service's token lives {MAX_SERVICE_LIFETIME:.0f} s at most")
        return Service(str(claims["iss"]), expires_at)

    def _times(self, claims: Mapping[str, Any]) -> tuple[datetime | None, datetime]:
        """`iat` and `exp`, when the token is valid now."""
        now = self._clock.now()
        expires_at, issued_at, not_before = (time_of(claims, name) for name in ("exp", "iat", "nbf"))
        if expires_at is None:
            raise Unauthenticated("the token has no exp")
        if expires_at <= now:
            raise Unauthenticated("the token has expired")
        if any(start is not None and (start - now).total_seconds() > LEEWAY for start in (issued_at, not_before)):
            raise Unauthenticated("the token is not valid yet")
        return issued_at, expires_at
