"""Limits concurrent lookups, so that waiting for our own connections does not count as a failure of FlairBit."""

import asyncio

from application.ports.profiles import ProfileLookup
from domain.errors import DirectoryUnavailable
from domain.identifiers import Email, Intent
from domain.profile import Profile


class ConcurrencyLimitedLookup:
    """Runs at most `max_at_once` lookups at a time. Refuses a lookup that has waited for `patience` seconds.

    The circuit breaker belongs inside, as `lookup`: then it counts no lookup that only waited here.
    """

    def __init__(self, lookup: ProfileLookup, *, max_at_once: int = 90, patience: float) -> None:
        self._lookup = lookup
        self._slots = asyncio.Semaphore(max_at_once)
        self._patience = patience

    async def find(self, email: Email, intent: Intent) -> Profile:
        """See `ProfileLookup.find`. Raises `DirectoryUnavailable` also when too many lookups are under way."""
        try:
            async with asyncio.timeout(self._patience):
                await self._slots.acquire()
        except TimeoutError:
            raise DirectoryUnavailable("too many profiles are being looked up") from None
        try:
            return await self._lookup.find(email, intent)
        finally:
            self._slots.release()
