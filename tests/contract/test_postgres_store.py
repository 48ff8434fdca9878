"""PostgreSQL keeps what every store promises."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.database import driver_transaction
from adapters.postgres.messages import PostgresMessageRepository
from adapters.postgres.outbox import PostgresOutbox
from adapters.postgres.profiles import PostgresProfileDirectory
from adapters.postgres.sessions import PostgresSessionRepository
from tests.contract import store_contract as contract

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
    def repositories(self, engine: AsyncEngine) -> contract.Repositories:
        async def pass_time(duration: timedelta) -> None:
            async with driver_transaction(engine) as connection:
                for statement in _AGE:
                    await connection.execute(statement, duration)

        async def tick() -> None:
            """Its clock goes by itself."""

        return contract.Repositories(
            PostgresSessionRepository(engine),
            PostgresMessageRepository(engine),
            PostgresOutbox(engine, full_claim_every=0),
            PostgresProfileDirectory(engine),
            pass_time,
            tick,
        )


class TestSessions(OnPostgres, contract.SessionRepositoryContract): ...


class TestSessionOverview(OnPostgres, contract.SessionOverviewContract): ...


class TestMessages(OnPostgres, contract.MessageRepositoryContract): ...


class TestOutbox(OnPostgres, contract.OutboxContract): ...


class TestProfileDirectory(OnPostgres, contract.ProfileDirectoryContract): ...
