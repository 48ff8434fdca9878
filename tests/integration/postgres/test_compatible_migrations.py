"""Revisions on which older versions run are applied beside them."""

import asyncio
from time import monotonic
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.buckets import BUCKETS, bucket_of
from adapters.postgres.connection.database import create_engine, driver_connection, driver_transaction
from adapters.postgres.schema.migrations import is_current, upgrade
from tests.support.eventually import eventually_some
from tests.support.people import ids
from tests.support.postgres import version_0_1_0
from tests.support.postgres.version_0_1_0 import OldWriter

_STORE = """
    INSERT INTO chat_messages (id, session_id, seq, sender_profile_id, content, client_msg_id)
    SELECT gen_random_uuid(), gen_random_uuid(), 1, gen_random_uuid(), 'hi', gen_random_uuid()
"""
_FILL = """
    INSERT INTO chat_messages (id, session_id, seq, sender_profile_id, content, client_msg_id)
    SELECT gen_random_uuid(), s.id, number, s.sender_profile_id, 'hi', gen_random_uuid()
    FROM chat_sessions s, generate_series(1000001, 1000100) number  -- beyond what is sent meanwhile
"""
_WRONG = """
    SELECT (SELECT count(*) FROM chat_sessions WHERE bucket <> chat_bucket(id))
         + (SELECT count(*) FROM chat_messages WHERE bucket <> chat_bucket(session_id))
         + (SELECT count(*) FROM chat_user_sessions WHERE bucket <> chat_bucket(session_id))
         + (SELECT count(*) FROM chat_sessions s, unnest(ARRAY[sender_profile_id, receiver_profile_id]) AS one
            WHERE NOT EXISTS (SELECT FROM chat_user_sessions u WHERE u.profile_id = one AND u.session_id = s.id
                              AND u.peer_id IN (sender_profile_id, receiver_profile_id) AND u.intent = s.intent))
         + (SELECT abs(count(*) - 2 * (SELECT count(*) FROM chat_sessions)) FROM chat_user_sessions)
"""
_WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"


async def test_sends_go_on_while_a_migration_waits_for_a_lock(engine: AsyncEngine, database_url: str) -> None:
    async with driver_connection(engine) as connection:
        await connection.execute(version_0_1_0.SCHEMA)
    assert not await is_current(database_url)
    other = create_engine(database_url, pool_size=1)
    async with driver_transaction(other) as reader, driver_connection(engine) as sender:
        await reader.execute("SELECT count(*) FROM chat_messages")
        migration = asyncio.create_task(upgrade(database_url))
        for _ in range(3):
            await eventually_some(lambda: sender.fetchval(_WAITS))
            began = monotonic()
            await sender.execute(_STORE)
            assert monotonic() - began < 1
        assert not migration.done()
    await migration
    assert await is_current(database_url)
    async with driver_connection(engine) as connection:
        assert await connection.fetchval("SELECT to_regclass('chat_messages_sender')") is None
    await other.dispose()


async def test_a_session_has_the_same_bucket_in_the_service_and_in_the_database(engine: AsyncEngine) -> None:
    some = [ids.new() for _ in range(100)] + [uuid4() for _ in range(100)]
    async with driver_connection(engine) as connection:
        rows = await connection.fetch("SELECT id, chat_bucket(id) AS bucket FROM unnest($1::uuid[]) id", some)
    assert {row["id"]: row["bucket"] for row in rows} == {one: bucket_of(one) for one in some}
    assert all(0 <= bucket_of(one) < BUCKETS for one in some)


async def test_version_0_1_0_sends_before_during_and_after_the_migration(
    engine: AsyncEngine, database_url: str
) -> None:
    async with driver_connection(engine) as connection:
        await connection.execute(version_0_1_0.SCHEMA)
        old = OldWriter(connection)
        await old.open(100)
        await connection.execute(_FILL)
        await old.send()
        migration = asyncio.create_task(asyncio.to_thread(asyncio.run, upgrade(database_url)))
        longest = 0.0
        while not migration.done():
            began = monotonic()
            await old.send()
            longest = max(longest, monotonic() - began)
        await migration
        await old.open(1)
        await old.send()
        assert await connection.fetchval(_WRONG) == 0
        assert await connection.fetchval("SELECT count(*) FROM chat_messages") > 10_000
    assert await is_current(database_url)
    assert longest < 2
    async with driver_connection(engine) as connection:
        assert await connection.fetchval("SELECT count(*) FROM chat_sessions WHERE last_sent_seq IS NULL") <= 1
