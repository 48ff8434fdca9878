"""In-memory repositories whose store can be taken away."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.memory.messages import InMemoryMessageRepository
from adapters.memory.profiles import InMemoryProfileDirectory
from adapters.memory.sessions import InMemorySessionRepository
from adapters.memory.store import InMemoryStore
from application.ports.messages import AppendOutcome
from domain.errors import StoreUnavailable
from domain.identifiers import ProfileId, SessionId
from domain.profile import Profile
from domain.session import ChatSession


@dataclass
class Outage:
    """Takes the store away, and gives it back."""

    away: bool = False

    def check(self) -> None:
        """Raises `StoreUnavailable`."""
        if self.away:
            raise StoreUnavailable


class MessagesWithOutages(InMemoryMessageRepository):
    def __init__(self, store: InMemoryStore, outage: Outage) -> None:
        super().__init__(store)
        self._outage = outage

    async def append(self, *arguments: Any) -> Sequence[AppendOutcome]:
        self._outage.check()
        return await super().append(*arguments)


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
