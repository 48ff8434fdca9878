"""A lookup that a test can send away and hold up, and that counts what it is asked."""

import asyncio

from adapters.memory.profiles import InMemoryProfileLookup
from domain.errors import BadAnswer, DirectoryUnavailable
from domain.identifiers import Email, Intent
from domain.profile import Profile


class WaywardLookup:
    def __init__(self, *profiles: Profile) -> None:
        self.knows(*profiles)
        self.away = False
        self.garbled = False
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    def knows(self, *profiles: Profile) -> None:
        self._known = InMemoryProfileLookup(profiles)

    async def find(self, email: Email, intent: Intent) -> Profile:
        self.asked += 1
        await self.gate.wait()
        if self.away:
            raise DirectoryUnavailable
        if self.garbled:
            raise BadAnswer("it makes no sense")
        return await self._known.find(email, intent)
