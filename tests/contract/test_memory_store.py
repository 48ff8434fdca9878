"""The in-memory store keeps what every store promises."""

import pytest

from adapters.memory.messages import InMemoryMessageRepository
from adapters.memory.outbox import InMemoryOutbox
from adapters.memory.profiles import InMemoryProfileDirectory
from adapters.memory.sessions import InMemorySessionRepository
from adapters.memory.store import InMemoryStore
from tests.contract import store_contract as contract


class InMemory:
    @pytest.fixture
    def repositories(self) -> contract.Repositories:
        store = InMemoryStore()
        return contract.Repositories(
            InMemorySessionRepository(store),
            InMemoryMessageRepository(store),
            InMemoryOutbox(store),
            InMemoryProfileDirectory(),
        )


class TestSessions(InMemory, contract.SessionRepositoryContract): ...


class TestSessionOverview(InMemory, contract.SessionOverviewContract): ...


class TestMessages(InMemory, contract.MessageRepositoryContract): ...


class TestOutbox(InMemory, contract.OutboxContract): ...


class TestProfileDirectory(InMemory, contract.ProfileDirectoryContract): ...
