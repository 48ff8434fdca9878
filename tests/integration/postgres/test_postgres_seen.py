"""`seen` over very many messages: the answer is quick, nobody waits for it, and no crash makes it untrue."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import create_engine, driver_connection, driver_transaction
from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.postgres.sessions.repository import PostgresSessionRepository
from application.ports.messages import Stored
from domain.errors import Unavailable
from domain.profile import Profile
from domain.session import ChatSession
from tests.support.eventually import eventually_some
from tests.support.people import DUE_AT_ONCE, draft, envelope, person, session_of

_FILL = """
    INSERT INTO chat_messages (id, session_id, seq, sender_profile_id, content, client_msg_id)
    SELECT gen_random_uuid(), $1, seq, $2, 'hello', gen_random_uuid() FROM generate_series(1, $3::bigint) seq
"""


async def long_session(engine: AsyncEngine, count: int) -> tuple[ChatSession, Profile, Profile]:
    """Of `count` messages from the first person to the second one, none of them seen."""
    ann, bob = person("ann"), person("bob")
    session = await PostgresSessionRepository(engine).get_or_create(session_of(ann, bob))
    async with driver_connection(engine) as connection:
        await connection.execute(_FILL, session.id, ann.id, count, timeout=120)
        await connection.execute("UPDATE chat_sessions SET last_seq = $2 WHERE id = $1", session.id, count)
    return session, ann, bob


async def unmarked(engine: AsyncEngine, session: ChatSession) -> int:
    async with driver_connection(engine) as connection:
        query = "SELECT count(*) FROM chat_messages WHERE session_id = $1 AND NOT seen"
        count: int = await connection.fetchval(query, session.id)
    return count


@pytest.fixture
async def messages(engine: AsyncEngine) -> AsyncIterator[PostgresMessageRepository]:
    messages = PostgresMessageRepository(engine, patience=2)
    yield messages
    await messages.stop()


async def test_a_seen_mark_over_very_many_messages_delays_no_send(
    engine: AsyncEngine, messages: PostgresMessageRepository
) -> None:
    session, ann, bob = await long_session(engine, 300_000)
    began = time.perf_counter()
    assert (await messages.mark_seen(session.id, bob.id, 2**63 - 1)).seen_to == 300_000
    assert time.perf_counter() - began < 1, "it waited for the marks of all messages"
    for _ in range(20):
        began = time.perf_counter()
        (outcome,) = await messages.append([draft(session, ann, bob)], DUE_AT_ONCE, envelope)
        assert time.perf_counter() - began < 0.5
        assert isinstance(outcome, Stored)
    assert [one.seen for one in await messages.after(session.id, 299_999, 2, fresh=True)] == [True, False]


async def test_the_marks_follow_to_the_end(engine: AsyncEngine, messages: PostgresMessageRepository) -> None:
    session, _, bob = await long_session(engine, 5_000)
    assert (await messages.mark_seen(session.id, bob.id, 4_500)).seen_to == 4_500

    async def all_marked() -> bool:
        return await unmarked(engine, session) == 500

    await eventually_some(all_marked)


@pytest.mark.parametrize("seq", [2_500, 5_000])
async def test_a_read_continues_the_marks_after_a_crash(
    engine: AsyncEngine, messages: PostgresMessageRepository, seq: int
) -> None:
    session, _, bob = await long_session(engine, 5_000)
    assert (await messages.mark_seen(session.id, bob.id, 5_000)).seen_to == 5_000
    await messages.stop()  # as a crash would
    assert await unmarked(engine, session) > 0
    survivor = PostgresMessageRepository(engine)
    assert all(one.seen for one in await survivor.before(session.id, seq, 50))

    async def all_marked() -> bool:
        return await unmarked(engine, session) == 0

    await eventually_some(all_marked)
    await survivor.stop()


async def test_a_locked_session_is_waited_for_by_few_connections(
    engine: AsyncEngine, messages: PostgresMessageRepository, database_url: str
) -> None:
    locked, _, bob = await long_session(engine, 10)
    free, _, carol = await long_session(engine, 10)
    other = create_engine(database_url, pool_size=1)
    async with driver_transaction(other) as connection:
        await connection.execute("SELECT 1 FROM chat_sessions WHERE id = $1 FOR UPDATE", locked.id)
        marks = [asyncio.create_task(messages.mark_seen(locked.id, bob.id, 10)) for _ in range(40)]
        for seq in range(1, 11):
            began = time.perf_counter()
            assert (await messages.mark_seen(free.id, carol.id, seq)).seen_to == seq
            assert time.perf_counter() - began < 1.8  # a locked session is waited for 2 s and more
        refused = await asyncio.gather(*marks, return_exceptions=True)
        assert all(isinstance(one, Unavailable) for one in refused)
    await other.dispose()
    assert (await messages.mark_seen(locked.id, bob.id, 10)).seen_to == 10


async def test_a_mark_waits_for_a_lock_that_is_short(
    engine: AsyncEngine, messages: PostgresMessageRepository, database_url: str
) -> None:
    session, _, bob = await long_session(engine, 10)
    other = create_engine(database_url, pool_size=1)
    async with driver_transaction(other) as connection:
        await connection.execute("SELECT 1 FROM chat_sessions FOR UPDATE")
        marks = [asyncio.create_task(messages.mark_seen(session.id, bob.id, 10)) for _ in range(5)]
        await asyncio.wait(marks, timeout=0.5)
    told = await asyncio.gather(*marks)
    assert sorted((one.seen_to for one in told), key=str) == [10, None, None, None, None], "told once"
    assert sorted((one.shown_to for one in told), key=str) == [10, None, None, None, None], "told once"
    await other.dispose()


async def test_the_unread_messages_of_a_reader_who_only_writes_are_read_once(
    engine: AsyncEngine, messages: PostgresMessageRepository
) -> None:
    session, ann, bob = await long_session(engine, 100_000)
    assert list(await messages.unseen(session.id, ann.id, 1_000)) == []
    began = time.perf_counter()
    for _ in range(20):
        assert list(await messages.unseen(session.id, ann.id, 1_000)) == []
    assert time.perf_counter() - began < 0.2
    assert len(await messages.unseen(session.id, bob.id, 1_000)) == 1_000


async def test_the_last_message_is_the_last_that_is_there(
    engine: AsyncEngine, messages: PostgresMessageRepository
) -> None:
    session, _, bob = await long_session(engine, 10)
    async with driver_connection(engine) as connection:
        await connection.execute("DELETE FROM chat_messages WHERE session_id = $1 AND seq > 7", session.id)
    (overview,) = await PostgresSessionRepository(engine).overview([bob.id], None, None, 10)
    assert overview.last_message is not None
    assert (overview.last_message.seq, overview.last_seq) == (7, 10)
