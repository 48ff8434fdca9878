"""The in-memory store keeps what every store promises."""

from datetime import timedelta

import pytest

from adapters.memory.clock import ManualClock
from adapters.memory.messages import InMemoryMessageRepository
from adapters.memory.outbox import InMemoryOutbox
from adapters.memory.profiles import InMemoryProfileDirectory
from adapters.memory.sessions import InMemorySessionRepository
from adapters.memory.store import InMemoryStore
from tests.contract import store_contract as contract
from tests.support.people import NOW


class InMemory:
    @pytest.fixture
    def repositories(self) -> contract.Repositories:
        clock = ManualClock(NOW)
        store = InMemoryStore(clock)

        async def pass_time(duration: timedelta) -> None:
            clock.advance(duration.total_seconds())

        async def tick() -> None:
            clock.advance(0.001)

        return contract.Repositories(
            InMemorySessionRepository(store),
            InMemoryMessageRepository(store),
            InMemoryOutbox(store),
            InMemoryProfileDirectory(),
            pass_time,
            tick,
        )


class TestSessions(InMemory, contract.SessionRepositoryContract): ...


class TestSessionOverview(InMemory, contract.SessionOverviewContract): ...


class TestMessages(InMemory, contract.MessageRepositoryContract): ...


class TestOutbox(InMemory, contract.OutboxContract): ...


class TestProfileDirectory(InMemory, contract.ProfileDirectoryContract): ...
