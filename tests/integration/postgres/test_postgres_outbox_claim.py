"""What a claim of the outbox reads while a transaction that is held open keeps the dead from being vacuumed."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.database import create_engine, driver_connection, driver_transaction
from adapters.postgres.outbox import PostgresOutbox

LEASE = timedelta(seconds=60)
DEAD = 20_000

_FILL = """
    INSERT INTO chat_message_outbox (destination, payload, next_retry_at)
    SELECT 'nowhere', '{}', now() - interval '1 minute' FROM generate_series(1, $1::int)
"""


@pytest.fixture
async def held_open(engine: AsyncEngine, database_url: str) -> AsyncIterator[None]:
    """A transaction with a snapshot in which all that dies from now on is alive."""
    other = create_engine(database_url, pool_size=1)
    async with driver_connection(engine) as connection:
        await connection.execute(_FILL, DEAD)
    async with driver_transaction(other) as holder:
        await holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await holder.execute("SELECT count(*) FROM chat_message_outbox")
        async with driver_connection(engine) as connection:
            await connection.execute("DELETE FROM chat_message_outbox")
        yield
    await other.dispose()


async def reads(engine: AsyncEngine) -> int:
    async with driver_connection(engine) as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
    async with driver_connection(engine) as connection:
        query = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'chat_message_outbox_due'"
        count: int = await connection.fetchval(query)
    return count


@pytest.mark.usefixtures("held_open")
async def test_the_dead_are_read_once(database_url: str) -> None:
    engine = create_engine(database_url, pool_size=1)
    outbox = PostgresOutbox(engine)
    assert list(await outbox.claim(LEASE, 500)) == []
    before = await reads(engine)
    for _ in range(5):
        assert list(await outbox.claim(LEASE, 500)) == []
    assert await reads(engine) - before < 1_000
    assert (await outbox.status()).snapshot_age > 0
    await engine.dispose()


async def test_what_others_made_due_in_the_past_is_found(engine: AsyncEngine) -> None:
    outbox = PostgresOutbox(engine, full_claim_every=0)
    assert list(await outbox.claim(LEASE, 500)) == []
    async with driver_connection(engine) as connection:
        await connection.execute(_FILL, 3)
    assert len(await outbox.claim(LEASE, 500)) == 3


async def test_what_becomes_due_is_found_by_every_claim(engine: AsyncEngine) -> None:
    outbox = PostgresOutbox(engine, full_claim_every=3600)
    assert list(await outbox.claim(LEASE, 500)) == []
    async with driver_connection(engine) as connection:
        await connection.execute(_FILL.replace("now() - interval '1 minute'", "now()"), 7)
    claimed = [len(await outbox.claim(LEASE, 3)) for _ in range(4)]
    assert claimed == [3, 3, 1, 0]
