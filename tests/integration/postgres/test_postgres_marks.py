"""What the marks cost PostgreSQL: watermarks that keep the past unread, and updates that touch no index."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import create_engine, driver_transaction
from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.postgres.outbox.repository import PostgresOutbox
from adapters.postgres.sessions.repository import PostgresSessionRepository
from application.ports.messages import Seen, Stored
from application.ports.outbox import FailedTry
from domain.message import Message
from domain.profile import Profile
from domain.session import ChatSession
from tests.support.people import DUE_AT_ONCE, draft, envelope, person, ref, session_of


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """One connection, so that what it counted can be asked for."""
    engine = create_engine(database_url, pool_size=1)
    yield engine
    await engine.dispose()


async def chat(engine: AsyncEngine) -> tuple[ChatSession, Profile, Profile]:
    ann, bob = person("ann"), person("bob")
    return await PostgresSessionRepository(engine).get_or_create(session_of(ann, bob)), ann, bob


async def send(engine: AsyncEngine, session: ChatSession, sender: Profile, to: Profile, count: int) -> list[Message]:
    drafts = [draft(session, sender, to) for _ in range(count)]
    outcomes = await PostgresMessageRepository(engine).append(drafts, DUE_AT_ONCE, envelope)
    return [outcome.message for outcome in outcomes if isinstance(outcome, Stored)]


async def counted(engine: AsyncEngine, table: str) -> dict[str, int]:
    async with driver_transaction(engine) as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
    async with driver_transaction(engine) as connection:
        row = await connection.fetchrow("SELECT * FROM pg_stat_user_tables WHERE relname = $1", table)
    assert row is not None
    return {name: row[name] for name in ("seq_tup_read", "idx_tup_fetch", "n_tup_upd", "n_tup_hot_upd")}


async def test_marks_are_hot_updates(engine: AsyncEngine) -> None:
    session, ann, bob = await chat(engine)
    sent = await send(engine, session, ann, bob, 8)
    messages = PostgresMessageRepository(engine)
    for message in sent[:4]:
        await messages.mark_delivered([ref(message)])
    await messages.mark_seen(session.id, bob.id, 8)
    await messages.undelivered({ann.id}, None, 10)
    for table, updates in (("chat_messages", 4 + 8), ("chat_sessions", 1 + 1 + 1)):
        count = await counted(engine, table)
        assert (count["n_tup_upd"], count["n_tup_hot_upd"]) == (updates, updates), table


async def test_a_whole_batch_is_marked_in_place(engine: AsyncEngine) -> None:
    session, ann, bob = await chat(engine)
    for _ in range(10):
        sent = await send(engine, session, ann, bob, 128)
        await PostgresMessageRepository(engine).mark_delivered([ref(message) for message in sent])
    count = await counted(engine, "chat_messages")
    assert count["n_tup_upd"] == 1_280
    assert count["n_tup_hot_upd"] > 0.95 * 1_280


async def test_delivered_messages_are_read_once(engine: AsyncEngine) -> None:
    session, ann, bob = await chat(engine)
    sent = await send(engine, session, ann, bob, 50)
    messages = PostgresMessageRepository(engine)
    await messages.mark_delivered([ref(message) for message in sent])
    assert list(await messages.undelivered({bob.id}, None, 10)) == []
    before = await counted(engine, "chat_messages")
    assert list(await messages.undelivered({bob.id}, None, 10)) == []
    assert await counted(engine, "chat_messages") == before


async def test_a_session_that_is_busy_is_not_waited_for(engine: AsyncEngine, database_url: str) -> None:
    session, ann, bob = await chat(engine)
    sent = await send(engine, session, ann, bob, 2)
    messages = PostgresMessageRepository(engine)
    await messages.mark_delivered([ref(sent[0])])
    other = create_engine(database_url, pool_size=1)
    async with driver_transaction(other) as connection:
        await connection.execute("SELECT 1 FROM chat_sessions FOR NO KEY UPDATE")
        assert [one.seq for one in await messages.undelivered({bob.id}, None, 10)] == [2]
    await other.dispose()
    assert [one.seq for one in await messages.undelivered({bob.id}, None, 10)] == [2]
    async with driver_transaction(engine) as connection:
        assert await connection.fetchval("SELECT sender_delivered_to + receiver_delivered_to FROM chat_sessions") == 1


async def test_racing_marks_wait_in_one_order(database_url: str) -> None:
    engine = create_engine(database_url)
    messages = PostgresMessageRepository(engine)
    session, ann, bob = await chat(engine)
    for place in range(1, 6):
        drafts = [draft(session, ann, bob) for _ in range(500)][::-1]  # so that `seq` runs against the ids
        outcomes = await messages.append(drafts, DUE_AT_ONCE, envelope)
        sent = [ref(outcome.message) for outcome in outcomes if isinstance(outcome, Stored)]
        marks = (messages.mark_delivered(some) for some in (sent, sent[::-1], sent[::2], sent[250:] + sent[:250]))
        seen, *_ = await asyncio.gather(messages.mark_seen(session.id, bob.id, 500 * place), *marks)
        assert isinstance(seen, Seen)
        assert seen.seen_to == 500 * place
        latest = await messages.latest(session.id, 500)
        assert all(message.seen and message.delivered for message in latest)
    await engine.dispose()


async def test_racing_outbox_marks_all_succeed(database_url: str) -> None:
    # several deadlocks in a row take longer than a mark, or a wait for a lock, may
    engine = create_engine(database_url, timeout=60, lock_wait=60)
    outbox, later = PostgresOutbox(engine), timedelta(days=1)
    session, ann, bob = await chat(engine)
    for _ in range(2):  # a deadlock takes PostgreSQL a second to see
        await send(engine, session, ann, bob, 100)
        ids = [entry.id for entry in await outbox.claim(later, 1_000)]
        failed = [FailedTry(entry_id, 1, later, "Unroutable") for entry_id in sorted(ids, reverse=True)]
        # as when a claim has run out and another instance has the same entries
        await asyncio.gather(
            outbox.mark_failed(failed),
            outbox.mark_processed(ids, keep=True),
            outbox.release(ids[::-1]),
            outbox.mark_failed(failed[::-1]),
        )
        assert (await outbox.status()).pending == 0
    await engine.dispose()
