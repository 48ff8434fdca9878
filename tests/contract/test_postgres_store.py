"""PostgreSQL keeps what every store promises."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import driver_transaction
from adapters.postgres.messages.changes import PostgresMessageChanges
from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.postgres.outbox.repository import PostgresOutbox
from adapters.postgres.profiles import PostgresProfileDirectory
from adapters.postgres.schema.growth import PostgresGrowthReader
from adapters.postgres.sessions.blocks import PostgresBlockRepository
from adapters.postgres.sessions.conversations import PostgresConversationRepository
from adapters.postgres.sessions.repository import PostgresSessionRepository
from adapters.postgres.sessions.showing import PostgresShowingRepository
from adapters.postgres.sessions.sync import PostgresSyncStore
from adapters.postgres.sessions.unread import PostgresUnreadRepository
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

_AGE = (
    "UPDATE chat_sessions SET created_at = created_at - $1::interval, last_sent_at = last_sent_at - $1::interval",
    "UPDATE chat_blocks SET blocked_at = blocked_at - $1::interval",
    "UPDATE chat_messages SET sent_at = sent_at - $1::interval",
    """
    UPDATE chat_conversations SET muted_until = muted_until - $1::interval, pinned_at = pinned_at - $1::interval
    """,
    "UPDATE chat_operations SET done_at = done_at - $1::interval",
    """
    UPDATE chat_message_outbox SET created_at = created_at - $1::interval, sent_at = sent_at - $1::interval,
           next_retry_at = next_retry_at - $1::interval, dead_at = dead_at - $1::interval,
           id = CASE WHEN $1::interval > '0' AND processed
                THEN overlay(id::text PLACING '0000' FROM 1 FOR 4)::uuid ELSE id END
    """,
)


class OnPostgres:
    @pytest.fixture
    def repositories(self, engine: AsyncEngine) -> Repositories:
        async def pass_time(duration: timedelta) -> None:
            async with driver_transaction(engine) as connection:
                for statement in _AGE:
                    await connection.execute(statement, duration)

        async def tick() -> None:
            """Its clock goes by itself."""

        return Repositories(
            PostgresSessionRepository(engine),
            PostgresMessageRepository(engine),
            PostgresOutbox(engine, sweep_every=0),
            PostgresProfileDirectory(engine),
            PostgresGrowthReader(engine),
            PostgresMessageChanges(engine),
            PostgresSyncStore(engine),
            PostgresConversationRepository(engine),
            PostgresShowingRepository(engine),
            PostgresUnreadRepository(engine),
            PostgresBlockRepository(engine),
            pass_time,
            tick,
        )


class TestSessions(OnPostgres, SessionRepositoryContract): ...


class TestSessionOverview(OnPostgres, SessionOverviewContract): ...


class TestAppend(OnPostgres, AppendContract): ...


class TestTransactions(OnPostgres, TransactionContract): ...


class TestMessageChanges(OnPostgres, MessageChangesContract): ...


class TestConversations(OnPostgres, ConversationContract): ...


class TestBlocks(OnPostgres, BlockContract): ...


class TestClosing(OnPostgres, ClosingContract): ...


class TestShowing(OnPostgres, ShowingContract): ...


class TestUnread(OnPostgres, UnreadContract): ...


class TestSync(OnPostgres, SyncContract): ...


class TestReading(OnPostgres, ReadContract): ...


class TestSeen(OnPostgres, SeenContract): ...


class TestDelivered(OnPostgres, DeliveredContract): ...


class TestOutbox(OnPostgres, OutboxContract): ...


class TestProfileDirectory(OnPostgres, ProfileDirectoryContract): ...


class TestGrowth(OnPostgres, GrowthContract): ...
