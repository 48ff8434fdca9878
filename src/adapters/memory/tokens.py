"""Verifies tokens that a test made up."""

from collections.abc import Mapping

from application.ports.clock import Clock
from domain.errors import Unauthenticated
from domain.principal import Principal


class InMemoryTokenVerifier:
    """Accepts the tokens in `principals`, until the `expires_at` of their principal."""

    def __init__(self, principals: Mapping[str, Principal], clock: Clock) -> None:
        self._principals = principals
        self._clock = clock

    async def verify(self, token: str) -> Principal:
        """See `TokenVerifier.verify`."""
        principal = self._principals.get(token)
        if principal is None or principal.expires_at <= self._clock.now():
            raise Unauthenticated
        return principal
