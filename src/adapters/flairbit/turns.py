"""Lookups take turns, so that waiting for our own connections never counts as a failure of FlairBit."""

import asyncio

from application.ports.profiles import ProfileLookup
from domain.errors import DirectoryUnavailable
from domain.identifiers import Email, Intent
from domain.profile import Profile


class TurnTakingLookup:
    """At most `max_at_once` lookups are under way. One that waits for its turn for `patience` seconds is refused.

    `lookup` counts failures: it sees only lookups whose turn it is.
    """

    def __init__(self, lookup: ProfileLookup, *, max_at_once: int = 90, patience: float = 3.0) -> None:
        self._lookup = lookup
        self._turns = asyncio.Semaphore(max_at_once)
        self._patience = patience

    async def find(self, email: Email, intent: Intent) -> Profile:
        """Raises what the lookup does, and `DirectoryUnavailable` when too many are under way."""
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        except TimeoutError:
            raise DirectoryUnavailable("too many profiles are being looked up") from None
        try:
            return await self._lookup.find(email, intent)
        finally:
            self._turns.release()
