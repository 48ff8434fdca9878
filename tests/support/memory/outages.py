"""In-memory repositories whose store can be taken away."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.memory.profiles import InMemoryProfileDirectory
from adapters.memory.store.contents import InMemoryStore
from adapters.memory.store.messages import InMemoryMessageRepository
from adapters.memory.store.sessions import InMemorySessionRepository
from application.ports.messages import AppendOutcome, Marks, MessageRef
from domain.errors import StoreUnavailable
from domain.identifiers import ProfileId, SessionId
from domain.profile import Profile
from domain.session import ChatSession


@dataclass
class Outage:
    """Takes the store away, and gives it back; `freeze` leaves it there without an answer until `thaw`."""

    away: bool = False
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    def freeze(self) -> None:
        self.answers.clear()

    def thaw(self) -> None:
        self.answers.set()

    def check(self) -> None:
        """Raises `StoreUnavailable`."""
        if self.away:
            raise StoreUnavailable

    async def answer(self) -> None:
        """Returns when the store would answer. Raises `StoreUnavailable`."""
        await self.answers.wait()
        self.check()


class MessagesWithOutages(InMemoryMessageRepository):
    def __init__(self, store: InMemoryStore, outage: Outage) -> None:
        super().__init__(store)
        self._outage = outage

    async def append(self, *arguments: Any, **options: Any) -> Sequence[AppendOutcome]:
        await self._outage.answer()
        return await super().append(*arguments, **options)

    async def mark_delivered(self, refs: Collection[MessageRef]) -> Marks:
        await self._outage.answer()
        return await super().mark_delivered(refs)

    async def mark_seen(self, *arguments: Any) -> Any:
        await self._outage.answer()
        return await super().mark_seen(*arguments)


class SessionsWithOutages(InMemorySessionRepository):
    def __init__(self, store: InMemoryStore, outage: Outage) -> None:
        super().__init__(store)
        self._outage = outage

    async def find(self, session_id: SessionId) -> ChatSession | None:
        self._outage.check()
        return await super().find(session_id)


class DirectoryWithOutages(InMemoryProfileDirectory):
    def __init__(self, outage: Outage) -> None:
        super().__init__()
        self._outage = outage

    async def get(self, profile_ids: Iterable[ProfileId]) -> Sequence[Profile]:
        self._outage.check()
        return await super().get(profile_ids)
