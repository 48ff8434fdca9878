"""Positions in PostgreSQL: a slow commit holds them back, and a resume reads what has changed and no more."""

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import create_engine, driver_connection, driver_transaction
from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.postgres.sessions.repository import PostgresSessionRepository
from adapters.postgres.sessions.sync import PostgresSyncStore
from tests.support.people import draft, person, session_of
from tests.support.postgres.storing import store

ANN, BOB, CAROL = person("ann"), person("bob"), person("carol")
_OLD = """
    INSERT INTO chat_messages (id, session_id, seq, sender_profile_id, content, client_msg_id)
    SELECT gen_random_uuid(), $1, n, $2, 'old', gen_random_uuid() FROM generate_series(1, $3::bigint) n
"""


async def test_a_slow_commit_holds_the_position_back_until_it_is_read(engine: AsyncEngine, database_url: str) -> None:
    messages, sync = PostgresMessageRepository(engine), PostgresSyncStore(engine)
    sessions = PostgresSessionRepository(engine)
    slow = await sessions.get_or_create(session_of(ANN, BOB))
    quick = await sessions.get_or_create(session_of(CAROL, BOB))
    number = (await sync.position()).number
    told: set[tuple[object, int]] = set()

    async def resume() -> None:
        nonlocal number
        position = await sync.position()
        told.update((one.session_id, one.seq) for one in await sync.messages([BOB.id], number, None, 100))
        number = position.number

    other = create_engine(database_url, pool_size=1)
    async with driver_transaction(other) as connection:
        await connection.execute("SELECT pg_current_xact_id()")
        for _ in range(3):
            await store(messages, [draft(quick, CAROL, BOB)])
            await resume()
        await connection.execute(
            "UPDATE chat_sessions SET last_seq = 1, changed = pg_current_xact_id()::text::bigint WHERE id = $1", slow.id
        )
        await connection.execute(
            """INSERT INTO chat_messages (id, session_id, seq, sender_profile_id, content, client_msg_id, changed)
               VALUES (gen_random_uuid(), $1, 1, $2, 'late', gen_random_uuid(), pg_current_xact_id()::text::bigint)""",
            slow.id,
            ANN.id,
        )
        await resume()
        assert (slow.id, 1) not in told
    await resume()
    await other.dispose()
    assert told == {(quick.id, 1), (quick.id, 2), (quick.id, 3), (slow.id, 1)}


async def test_a_resume_does_not_read_the_history(engine: AsyncEngine) -> None:
    messages, sync = PostgresMessageRepository(engine), PostgresSyncStore(engine)
    sessions = PostgresSessionRepository(engine)
    long, idle = [await sessions.get_or_create(session_of(one, BOB)) for one in (ANN, CAROL)]
    async with driver_connection(engine) as connection:
        for session in (long, idle):
            await connection.execute(_OLD, session.id, ANN.id, 10_000)
            await connection.execute("UPDATE chat_sessions SET last_seq = 10000 WHERE id = $1", session.id)
        await connection.execute("VACUUM ANALYZE")
    number = (await sync.position()).number
    await store(messages, [draft(long, ANN, BOB) for _ in range(5)])
    read = await _tuples_read(engine)
    told = await sync.messages([BOB.id], number, None, 100)
    assert [one.seq for one in told] == [10_001, 10_002, 10_003, 10_004, 10_005]
    assert await _tuples_read(engine) - read < 200


async def test_a_page_does_not_read_the_pages_after_it(engine: AsyncEngine) -> None:
    sync, sessions = PostgresSyncStore(engine), PostgresSessionRepository(engine)
    long = await sessions.get_or_create(session_of(ANN, BOB))
    async with driver_connection(engine) as connection:
        await connection.execute(_OLD, long.id, ANN.id, 10_000)
        await connection.execute("UPDATE chat_messages SET changed = 1 WHERE session_id = $1", long.id)
        await connection.execute("UPDATE chat_sessions SET last_seq = 10000 WHERE id = $1", long.id)
        await connection.execute("VACUUM ANALYZE")
    read = await _tuples_read(engine)
    told = await sync.messages([BOB.id], 1, (long.id, 5_000), 100)
    assert [one.seq for one in told] == list(range(5_001, 5_101))
    assert await _tuples_read(engine) - read < 1_000


async def test_a_reset_does_not_read_the_history(engine: AsyncEngine) -> None:
    sync, sessions = PostgresSyncStore(engine), PostgresSessionRepository(engine)
    long = await sessions.get_or_create(session_of(ANN, BOB))
    async with driver_connection(engine) as connection:
        await connection.execute(_OLD, long.id, ANN.id, 10_000)
        await connection.execute("UPDATE chat_sessions SET last_seq = 10000 WHERE id = $1", long.id)
        await connection.execute("VACUUM ANALYZE")
    read = await _tuples_read(engine)
    told = await sync.messages([BOB.id], 0, None, 100, last=50)
    assert [one.seq for one in told] == list(range(9_951, 10_001))
    assert await _tuples_read(engine) - read < 500


async def _tuples_read(engine: AsyncEngine) -> int:
    async with driver_connection(engine) as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        read: int = await connection.fetchval(
            "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_user_tables"
        )
    return read
