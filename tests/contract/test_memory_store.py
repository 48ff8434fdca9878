"""The in-memory store keeps what every store promises."""

from datetime import timedelta

import pytest

from adapters.memory.clock import ManualClock
from adapters.memory.messages import InMemoryMessageRepository
from adapters.memory.outbox import InMemoryOutbox
from adapters.memory.profiles import InMemoryProfileDirectory
from adapters.memory.sessions import InMemorySessionRepository
from adapters.memory.store import InMemoryStore
from tests.contract.store.append import AppendContract
from tests.contract.store.contract import Repositories
from tests.contract.store.delivered import DeliveredContract
from tests.contract.store.outbox import OutboxContract
from tests.contract.store.profiles import ProfileDirectoryContract
from tests.contract.store.reading import ReadContract
from tests.contract.store.seen import SeenContract
from tests.contract.store.session_overview import SessionOverviewContract
from tests.contract.store.sessions import SessionRepositoryContract
from tests.contract.store.transactions import TransactionContract
from tests.support.people import NOW


class InMemory:
    @pytest.fixture
    def repositories(self) -> Repositories:
        clock = ManualClock(NOW)
        store = InMemoryStore(clock)

        async def pass_time(duration: timedelta) -> None:
            clock.advance(duration.total_seconds())

        async def tick() -> None:
            clock.advance(0.001)

        return Repositories(
            InMemorySessionRepository(store),
            InMemoryMessageRepository(store),
            InMemoryOutbox(store),
            InMemoryProfileDirectory(),
            pass_time,
            tick,
        )


class TestSessions(InMemory, SessionRepositoryContract): ...


class TestSessionOverview(InMemory, SessionOverviewContract): ...


class TestAppend(InMemory, AppendContract): ...


class TestTransactions(InMemory, TransactionContract): ...


class TestReading(InMemory, ReadContract): ...


class TestSeen(InMemory, SeenContract): ...


class TestDelivered(InMemory, DeliveredContract): ...


class TestOutbox(InMemory, OutboxContract): ...


class TestProfileDirectory(InMemory, ProfileDirectoryContract): ...
