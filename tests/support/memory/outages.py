"""In-memory repositories whose store can be taken away."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.memory.messages import InMemoryMessageRepository
from adapters.memory.profiles import InMemoryProfileDirectory
from adapters.memory.sessions import InMemorySessionRepository
from adapters.memory.store import InMemoryStore
from application.ports.messages import AppendOutcome, Reached
from domain.errors import StoreUnavailable
from domain.identifiers import MessageId, ProfileId, SessionId
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

    async def mark_delivered(self, message_ids: Collection[MessageId], *, durable: bool = False) -> Sequence[Reached]:
        await self._outage.answer()
        return await super().mark_delivered(message_ids, durable=durable)

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
