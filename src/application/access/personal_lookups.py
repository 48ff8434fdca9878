"""Lookups with a limit for each person who causes them, so that one leaves room for the others."""

import asyncio
from weakref import WeakValueDictionary

from application.ports.profiles import ProfileLookup
from domain.errors import RateLimited
from domain.identifiers import Email, Intent
from domain.profile import Profile


class PersonalLookups:
    """At most `max_at_once` lookups of one person are under way; the others wait, for `patience` seconds at most."""

    def __init__(self, lookup: ProfileLookup, *, max_at_once: int = 20, patience: float = 15.0) -> None:
        self._lookup = lookup
        self._max_at_once = max_at_once
        self._patience = patience
        self._turns: WeakValueDictionary[Email, asyncio.Semaphore] = WeakValueDictionary()

    async def find(self, asker: Email, email: Email, intent: Intent) -> Profile:
        """The profile of `email`, looked up for `asker`. Raises as `ProfileLookup.find` does, and `RateLimited`."""
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
