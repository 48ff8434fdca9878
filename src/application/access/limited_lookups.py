"""Limits the lookups that one user causes, so that others find room."""

import asyncio
from weakref import WeakValueDictionary

from application.ports.profiles import ProfileLookup
from domain.errors import RateLimited
from domain.identifiers import Email, Intent
from domain.profile import Profile


class LimitedLookups:
    """Runs up to `max_at_once` lookups of one user at a time. More lookups wait, for `patience` seconds at most."""

    def __init__(self, lookup: ProfileLookup, *, max_at_once: int = 20, patience: float = 15.0) -> None:
        self._lookup = lookup
        self._max_at_once = max_at_once
        self._patience = patience
        self._turns: WeakValueDictionary[Email, asyncio.Semaphore] = WeakValueDictionary()

    async def find(self, asker: Email, email: Email, intent: Intent) -> Profile:
        """Finds the profile of `email` on behalf of `asker`.

        Raises what `ProfileLookup.find` raises, and `RateLimited`.
        """
        turns = self._turns.get(asker)
        if turns is None:
            turns = self._turns[asker] = asyncio.Semaphore(self._max_at_once)
        try:
            async with asyncio.timeout(self._patience):
                await turns.acquire()
        except TimeoutError:
            raise RateLimited("too many profiles are being looked up for you", retry_after=1) from None
        try:
            return await self._lookup.find(email, intent)
        finally:
            turns.release()
