"""What the contracts of a store have in common: its repositories, and a session of two people."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

import pytest

from adapters.memory.clock import ManualClock
from adapters.memory.store.contents import InMemoryStore
from application.ports.blocks import BlockRepository
from application.ports.changes.message_changes import MessageChanges
from application.ports.changes.sync import SyncStore
from application.ports.conversations import ConversationRepository
from application.ports.growth import GrowthReader
from application.ports.messages import MessageRepository
from application.ports.outbox import Outbox
from application.ports.profiles import ProfileDirectory
from application.ports.sessions import SessionRepository
from application.ports.showing import ShowingRepository
from application.ports.unread import UnreadRepository
from domain.message import Draft
from domain.profile import Profile
from domain.session import ChatSession
from entrypoints.store import MemoryStore
from tests.support.people import draft, person, session_of


async def no_time_passes(_: timedelta = timedelta()) -> None: ...


@dataclass(frozen=True)
class Repositories:
    sessions: SessionRepository
    messages: MessageRepository
    outbox: Outbox
    directory: ProfileDirectory
    growth: GrowthReader
    changes: MessageChanges
    sync: SyncStore
    conversations: ConversationRepository
    showing: ShowingRepository
    unread: UnreadRepository
    blocks: BlockRepository
    pass_time: Callable[[timedelta], Awaitable[None]] = field(repr=False, default=no_time_passes)
    """Makes everything that is stored so much older."""
    tick: Callable[[], Awaitable[None]] = field(repr=False, default=no_time_passes)
    """What is stored after it is newer than what was stored before."""

    @classmethod
    def in_memory(cls, clock: ManualClock) -> Self:
        """Of one store in memory, with this clock."""
        store = MemoryStore(InMemoryStore(clock))

        async def pass_time(duration: timedelta) -> None:
            clock.advance(duration.total_seconds())

        async def tick() -> None:
            clock.advance(0.001)

        return cls(
            store.sessions,
            store.messages,
            store.outbox,
            store.directory,
            store.growth,
            store.changes,
            store.sync,
            store.conversations,
            store.showing,
            store.unread,
            store.blocks,
            pass_time,
            tick,
        )


@dataclass(frozen=True)
class Chat:
    ann: Profile
    bob: Profile
    session: ChatSession

    def drafts(self, count: int) -> list[Draft]:
        return [draft(self.session, self.ann, self.bob, f"message {number}") for number in range(1, count + 1)]


class Contract:
    @pytest.fixture
    async def chat(self, repositories: Repositories) -> Chat:
        ann, bob = person("ann"), person("bob")
        await repositories.directory.remember((ann, bob))
        return Chat(ann, bob, await repositories.sessions.get_or_create(session_of(ann, bob)))
