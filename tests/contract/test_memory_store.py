"""The in-memory store keeps what every store promises."""

import pytest

from adapters.memory.clock import ManualClock
from tests.contract.suites.store.append import AppendContract
from tests.contract.suites.store.blocks import BlockContract
from tests.contract.suites.store.closing import ClosingContract
from tests.contract.suites.store.contract import Repositories
from tests.contract.suites.store.conversations import ConversationContract
from tests.contract.suites.store.growth import GrowthContract
from tests.contract.suites.store.marks.delivered import DeliveredContract
from tests.contract.suites.store.marks.seen import SeenContract
from tests.contract.suites.store.message_changes import MessageChangesContract
from tests.contract.suites.store.outbox import OutboxContract
from tests.contract.suites.store.profiles import ProfileDirectoryContract
from tests.contract.suites.store.reading import ReadContract
from tests.contract.suites.store.session_overview import SessionOverviewContract
from tests.contract.suites.store.sessions import SessionRepositoryContract
from tests.contract.suites.store.showing import ShowingContract
from tests.contract.suites.store.sync import SyncContract
from tests.contract.suites.store.transactions import TransactionContract
from tests.contract.suites.store.unread import UnreadContract
from tests.support.people import NOW


class InMemory:
    @pytest.fixture
    def repositories(self) -> Repositories:
        return Repositories.in_memory(ManualClock(NOW))


class TestSessions(InMemory, SessionRepositoryContract): ...


class TestSessionOverview(InMemory, SessionOverviewContract): ...


class TestAppend(InMemory, AppendContract): ...


class TestTransactions(InMemory, TransactionContract): ...


class TestMessageChanges(InMemory, MessageChangesContract): ...


class TestConversations(InMemory, ConversationContract): ...


class TestBlocks(InMemory, BlockContract): ...


class TestClosing(InMemory, ClosingContract): ...


class TestShowing(InMemory, ShowingContract): ...


class TestUnread(InMemory, UnreadContract): ...


class TestSync(InMemory, SyncContract): ...


class TestReading(InMemory, ReadContract): ...


class TestSeen(InMemory, SeenContract): ...


class TestDelivered(InMemory, DeliveredContract): ...


class TestOutbox(InMemory, OutboxContract): ...


class TestProfileDirectory(InMemory, ProfileDirectoryContract): ...


class TestGrowth(InMemory, GrowthContract): ...
