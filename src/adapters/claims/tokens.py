"""Remembers the people whose tokens are valid, so that others can open a chat with them."""

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
    """Verifies by `tokens`, and puts each user into `directory` with the name in the token before `verify` returns.

    While `directory` is away, tokens are verified without it, and the user is put there by a later token. `size` is
    the number of users whose names are cached.
    """

    def __init__(self, tokens: TokenVerifier, directory: ProfileDirectory, clock: Clock, size: int = 50_000) -> None:
        self._tokens = tokens
        self._directory = directory
        self._clock = clock
        self._names: LRUCache[Email, str] = LRUCache(size)
        self._away_until = clock.now()

    async def verify(self, token: str) -> Principal:
        """See `TokenVerifier.verify`."""
        principal = await self._tokens.verify(token)
        if isinstance(principal, User) and self._names.get(principal.email) != principal.display_name:
            await self._remember(principal)
        return principal

    async def _remember(self, user: User) -> None:
        if timedelta() < self._away_until - self._clock.now() <= RETRY_AFTER:
            return
        person = person_of(user.email, user.display_name)
        try:
            # a token without a name does not remove the name of an earlier one
            if user.display_name or not await self._directory.get((person.id,)):
                await self._directory.remember((person,))
        except Unavailable:
            self._away_until = self._clock.now() + RETRY_AFTER
        else:
            self._names[user.email] = user.display_name
