"""What every verifier of tokens promises; held by the one in memory and by that of JSON Web Tokens."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from adapters.jwt.keys import StaticKeys
from adapters.jwt.signing import issue_service_token, issue_user_token
from adapters.jwt.verifier import JwtTokenVerifier
from adapters.memory.clock import ManualClock
from adapters.memory.tokens import InMemoryTokenVerifier
from application.ports.tokens import TokenVerifier
from domain.errors import Unauthenticated
from domain.identifiers import Email
from domain.principal import Principal, Service, User
from tests.support.people import NOW

MINUTE = timedelta(minutes=1)
ANN = User(Email("ann@example.org"), NOW + MINUTE)
PARTNER = Service("partner", NOW + MINUTE)

Issue = Callable[[Principal], str]
"""Makes a token that speaks for the principal until its `expires_at`."""


class TokenContract:
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(NOW)

    @pytest.mark.parametrize("principal", [ANN, PARTNER])
    async def test_a_token_speaks_for_its_principal_until_it_ends(
        self, principal: Principal, verifier: TokenVerifier, issue: Issue, clock: ManualClock
    ) -> None:
        token = issue(principal)
        assert await verifier.verify(token) == principal
        clock.advance(59)
        assert await verifier.verify(token) == principal
        clock.advance(1)
        with pytest.raises(Unauthenticated):
            await verifier.verify(token)

    @pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "ann@example.org\0"])
    async def test_a_token_that_was_never_issued_is_refused(self, verifier: TokenVerifier, token: str) -> None:
        with pytest.raises(Unauthenticated):
            await verifier.verify(token)


class TestInMemoryTokenVerifier(TokenContract):
    @pytest.fixture
    def issued(self) -> dict[str, Principal]:
        return {}

    @pytest.fixture
    def verifier(self, issued: dict[str, Principal], clock: ManualClock) -> TokenVerifier:
        return InMemoryTokenVerifier(issued, clock)

    @pytest.fixture
    def issue(self, issued: dict[str, Principal]) -> Issue:
        def issue(principal: Principal) -> str:
            issued[principal.name] = principal
            return principal.name

        return issue


class TestJwtTokenVerifier(TokenContract):
    USERS, SERVICES = (generate_private_key(65537, 2048) for _ in range(2))

    @pytest.fixture
    def verifier(self, clock: ManualClock) -> TokenVerifier:
        services = {PARTNER.service: self.SERVICES.public_key()}
        return JwtTokenVerifier(
            StaticKeys(self.USERS.public_key()), clock, services=services, service_name="chat-service"
        )

    @pytest.fixture
    def issue(self) -> Issue:
        def issue(principal: Principal) -> str:
            lifetime = principal.expires_at - NOW
            if isinstance(principal, User):
                return issue_user_token(self.USERS, principal.email, lifetime, NOW)
            return issue_service_token(self.SERVICES, principal.service, "chat-service", lifetime, NOW)

        return issue
