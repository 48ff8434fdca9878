"""PostgreSQL keeps what every store promises."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.database import driver_transaction
from adapters.postgres.messages import PostgresMessageRepository
from adapters.postgres.outbox import PostgresOutbox
from adapters.postgres.profiles import PostgresProfileDirectory
from adapters.postgres.sessions import PostgresSessionRepository
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

_AGE = (
    "UPDATE chat_sessions SET created_at = created_at - $1::interval",
    "UPDATE chat_messages SET sent_at = sent_at - $1::interval",
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
            PostgresOutbox(engine, full_claim_every=0),
            PostgresProfileDirectory(engine),
            pass_time,
            tick,
        )


class TestSessions(OnPostgres, SessionRepositoryContract): ...


class TestSessionOverview(OnPostgres, SessionOverviewContract): ...


class TestAppend(OnPostgres, AppendContract): ...


class TestTransactions(OnPostgres, TransactionContract): ...


class TestReading(OnPostgres, ReadContract): ...


class TestSeen(OnPostgres, SeenContract): ...


class TestDelivered(OnPostgres, DeliveredContract): ...


class TestOutbox(OnPostgres, OutboxContract): ...


class TestProfileDirectory(OnPostgres, ProfileDirectoryContract): ...
