"""What a claim of the outbox reads while a transaction that is held open keeps the dead from being vacuumed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import create_engine, driver_connection, driver_transaction
from adapters.postgres.outbox.repository import PostgresOutbox

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


async def test_entries_that_others_made_due_in_the_past_are_found(engine: AsyncEngine) -> None:
    outbox = PostgresOutbox(engine, sweep_every=0)
    assert list(await outbox.claim(LEASE, 500)) == []
    async with driver_connection(engine) as connection:
        await connection.execute(_FILL, 3)
    assert len(await outbox.claim(LEASE, 500)) == 3


async def test_every_claim_finds_entries_that_became_due(engine: AsyncEngine) -> None:
    outbox = PostgresOutbox(engine, sweep_every=3600)
    assert list(await outbox.claim(LEASE, 500)) == []
    async with driver_connection(engine) as connection:
        await connection.execute(_FILL.replace("now() - interval '1 minute'", "now()"), 7)
    claimed = [len(await outbox.claim(LEASE, 3)) for _ in range(4)]
    assert claimed == [3, 3, 1, 0]


async def test_the_first_claim_finds_old_entries(engine: AsyncEngine) -> None:
    async with driver_connection(engine) as connection:
        for age in ("30 seconds", "3 hours", "5 days", "9 years"):
            await connection.execute(_FILL.replace("1 minute", age), 1)
    outbox = PostgresOutbox(engine)
    assert len(await outbox.claim(LEASE, 3)) == 3
    assert len(await outbox.claim(LEASE, 3)) == 1
    assert list(await outbox.claim(LEASE, 3)) == []


@pytest.mark.parametrize("due", ["-infinity", "4713-01-01 BC", "0001-01-01", "now"])
@pytest.mark.parametrize("created", ["-infinity", "4713-01-01 BC", "now", "294276-12-31", "infinity"])
async def test_an_entry_is_claimed_however_odd_its_times_are(engine: AsyncEngine, due: str, created: str) -> None:
    async with driver_connection(engine) as connection:
        await connection.execute(
            "INSERT INTO chat_message_outbox (destination, payload, next_retry_at, created_at)"
            " VALUES ('nowhere', '{}', $1::text::timestamptz, $2::text::timestamptz)",
            due,
            created,
        )
    outbox = PostgresOutbox(engine, sweep_every=0)
    status = await outbox.status()
    assert status.pending == 1
    assert status.oldest_pending_at is not None
    (claimed,) = await outbox.claim(LEASE, 500)
    assert datetime.now(UTC) - claimed.created_at < timedelta(days=3_700_000), "times are computed with it"
    assert claimed.created_at.timestamp()
    assert list(await outbox.claim(LEASE, 500)) == []


async def test_an_entry_that_is_never_due_is_requeued_by_hand(engine: AsyncEngine) -> None:
    async with driver_connection(engine) as connection:
        await connection.execute(_FILL.replace("now() - interval '1 minute'", "'infinity'"), 2)
    outbox = PostgresOutbox(engine)
    assert list(await outbox.claim(LEASE, 500)) == []
    assert await outbox.requeue(None) == 2, "nobody else makes it due"
    assert len(await outbox.claim(LEASE, 500)) == 2
