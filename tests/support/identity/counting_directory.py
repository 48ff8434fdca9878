"""A directory of profiles that counts what it is asked."""

import asyncio
from collections.abc import Iterable, Sequence

from adapters.memory.profiles import InMemoryProfileDirectory
from domain.errors import Unavailable
from domain.identifiers import Email, ProfileId
from domain.profile import Profile


class CountingDirectory(InMemoryProfileDirectory):
    """Counts its calls; can be away, and slow to bring what it has read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = self.writes = 0
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def remember(self, profiles: Iterable[Profile]) -> None:
        self.writes += 1
        self._check()
        await super().remember(profiles)

    async def update(self, profiles: Iterable[Profile]) -> Sequence[Profile]:
        self.writes += 1
        self._check()
        return await super().update(profiles)

    async def get(self, profile_ids: Iterable[ProfileId]) -> Sequence[Profile]:
        self.reads += 1
        self._check()
        found = await super().get(profile_ids)
        await self.gate.wait()
        return found

    async def of_email(self, email: Email) -> Sequence[Profile]:
        self.reads += 1
        self._check()
        return await super().of_email(email)

    def _check(self) -> None:
        if self.away:
            raise Unavailable
