"""Tokens that a test hands out."""

from collections.abc import Mapping

from application.ports.clock import Clock
from domain.errors import Unauthenticated
from domain.principal import Principal


class InMemoryTokenVerifier:
    """Knows the tokens it was given, until their principal's `expires_at`."""

    def __init__(self, principals: Mapping[str, Principal], clock: Clock) -> None:
        self._principals = principals
        self._clock = clock

    async def verify(self, token: str) -> Principal:
        principal = self._principals.get(token)
        if principal is None or principal.expires_at <= self._clock.now():
            raise Unauthenticated
        return principal
