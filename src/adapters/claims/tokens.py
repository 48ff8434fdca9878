"""Remembers whose tokens are valid: from then on others can open a chat with them."""

from datetime import timedelta

from cachetools import LRUCache

from adapters.claims.people import person_of
from application.ports.clock import Clock
from application.ports.profiles import ProfileDirectory
from application.ports.tokens import TokenVerifier
from domain.errors import Unavailable
from domain.identifiers import Email
from domain.principal import Principal, User

RETRY_AFTER = timedelta(seconds=1)


class RememberingTokenVerifier:
    """Verifies by `tokens`. A user is in `directory`, with the name that the token claims, before `verify` returns.

    While `directory` is away tokens are valid all the same: the next one is remembered.
    """

    def __init__(self, tokens: TokenVerifier, directory: ProfileDirectory, clock: Clock, size: int = 50_000) -> None:
        self._tokens = tokens
        self._directory = directory
        self._clock = clock
        self._names: LRUCache[Email, str] = LRUCache(size)
        self._away_until = clock.now()

    async def verify(self, token: str) -> Principal:
        principal = await self._tokens.verify(token)
        if isinstance(principal, User) and self._names.get(principal.email) != principal.display_name:
            await self._remember(principal)
        return principal

    async def _remember(self, user: User) -> None:
        if timedelta() < self._away_until - self._clock.now() <= RETRY_AFTER:
            return
        person = person_of(user.email, user.display_name)
        try:
            # a token without a name takes none away
            if user.display_name or not await self._directory.get((person.id,)):
                await self._directory.remember((person,))
        except Unavailable:
            self._away_until = self._clock.now() + RETRY_AFTER
        else:
            self._names[user.email] = user.display_name
