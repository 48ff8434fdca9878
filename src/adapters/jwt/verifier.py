"""Verifies the tokens of users and of trusted services (contract, section 4)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from adapters.jwt.claims import Claims
from adapters.jwt.keys import KeySource
from adapters.jwt.token import Token
from application.ports.clock import Clock
from domain.errors import Unauthenticated
from domain.principal import Principal, Service, User

MAX_TOKEN_LENGTH = 16_384
MAX_SERVICE_LIFETIME = 120.0  # seconds between iat and exp
LEEWAY = 5.0  # seconds that another machine's clock may be ahead, for iat and nbf but not for exp


class JwtTokenVerifier:
    """Verifies tokens by the keys of users' issuer and of trusted services.

    `issuer` and `audience` are those of users' tokens; None means that they are not checked. `services` holds the
    keys of trusted services by their `iss`. With `by_email_claim` the claims `email` and `name` say who a user is
    when `sub` does not (see `Claims.person`). `any_service` is for development: its holder may speak for any
    service, which `iss` names.
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
        service_name: str,
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
        """See `TokenVerifier.verify`."""
        if len(token) > MAX_TOKEN_LENGTH:
            raise Unauthenticated("the token is too long")
        decoded = Token.decode(token)
        service_key = self._service_key(decoded.claims)
        if service_key is not None:
            decoded.check_signature([service_key])
            return self._service(decoded.claims)
        decoded.check_signature(await self._user_keys(decoded.kid))
        return self._user(decoded.claims)

    async def _user_keys(self, kid: str | None) -> Sequence[RSAPublicKey]:
        """The keys for a user's token. Leaves out the keys of services, which the issuer may publish too."""
        services = tuple(self._services.values())
        return [key for key in await self._keys.candidates(kid) if key not in services]

    def _service_key(self, claimed: Claims) -> RSAPublicKey | None:
        """The key that must have signed the token of a service. None for a user's token."""
        issuer = claimed.issuer
        if issuer is None:
            return None
        if issuer in self._services:
            return self._services[issuer]
        # a user's token may have an `iss` too: a token about an e-mail address is a user's
        is_user = issuer in ("", self._issuer) or claimed.person(by_email_claim=self._by_email_claim) is not None
        return None if is_user or self._service_name not in claimed.audiences else self._any_service

    def _user(self, claims: Claims) -> User:
        expires_at = self._times(claims)[1]
        if self._issuer is not None and claims.issuer != self._issuer:
            raise Unauthenticated("the token is of another issuer")
        if self._audience is not None and self._audience not in claims.audiences:
            raise Unauthenticated("the token is for another audience")
        email = claims.person(by_email_claim=self._by_email_claim)
        if email is None:
            raise Unauthenticated("the token's sub is not an e-mail address")
        return User(email, expires_at, claims.name if self._by_email_claim else "")

    def _service(self, claims: Claims) -> Service:
        issued_at, expires_at = self._times(claims)
        if self._service_name not in claims.audiences:
            raise Unauthenticated("the token is for another service")
        if claims.issuer is None or claims.subject != claims.issuer or claims.address is not None:
            raise Unauthenticated("a service's token has the service's name as its sub, and no e-mail address")
        if issued_at is None or not 0 < (expires_at - issued_at).total_seconds() <= MAX_SERVICE_LIFETIME:
            raise Unauthenticated(f"a service's token lives {MAX_SERVICE_LIFETIME:.0f} s at most")
        return Service(claims.issuer, expires_at)

    def _times(self, claims: Claims) -> tuple[datetime | None, datetime]:
        """`iat` and `exp`. Raises `Unauthenticated` when the token is not valid now."""
        now = self._clock.now()
        for name in claims.unreadable_times:
            raise Unauthenticated(f"the token's {name} is not a time")
        expires_at, issued_at = claims.expires_at, claims.issued_at
        if expires_at is None:
            raise Unauthenticated("the token has no exp")
        if expires_at <= now:
            raise Unauthenticated("the token has expired")
        if any(
            start is not None and (start - now).total_seconds() > LEEWAY for start in (issued_at, claims.not_before)
        ):
            raise Unauthenticated("the token is not valid yet")
        return issued_at, expires_at
