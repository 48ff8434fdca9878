"""A row that somebody else keeps locked: what waits for it is refused soon, and nobody else notices."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.condition import condition_of
from adapters.postgres.connection.database import LOCK_WAIT, create_engine, driver_connection, transaction
from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.postgres.outbox.repository import PostgresOutbox
from adapters.postgres.profiles import PostgresProfileDirectory
from adapters.postgres.sessions.repository import PostgresSessionRepository
from application.concurrency.write_behind import WriteBehind
from application.ports.messages import MessageRef, Stored
from application.ports.outbox import FailedTry
from application.use_cases.ack_batcher import ack_batcher
from application.use_cases.mark_delivered import NOTHING_ACKED, Acked, MarkDelivered
from domain.errors import StoreUnavailable
from domain.profile import Profile
from tests.support.eventually import eventually_some
from tests.support.people import DUE_AT_ONCE, draft, envelope, person, ref, session_of

ANN, BOB, CARL = person("ann"), person("bob"), person("carl")
SCHEDULING = 1.8  # seconds: less than LOCK_WAIT, and enough for a busy machine
Work = Callable[[AsyncEngine], Awaitable[object]]


async def store_one(engine: AsyncEngine, sender: Profile, receiver: Profile) -> Stored:
    session = await PostgresSessionRepository(engine).get_or_create(session_of(sender, receiver))
    drafts = [draft(session, sender, receiver)]
    (outcome,) = await PostgresMessageRepository(engine).append(drafts, DUE_AT_ONCE, envelope)
    assert isinstance(outcome, Stored)
    return outcome


async def remember(engine: AsyncEngine) -> None:
    await PostgresProfileDirectory(engine).remember([Profile(ANN.id, ANN.email, ANN.intent, "Ann the second")])


async def open_session(engine: AsyncEngine) -> object:
    return await PostgresSessionRepository(engine).get_or_create(session_of(ANN, CARL))


async def mark_failed(engine: AsyncEngine) -> None:
    async with driver_connection(engine) as connection:
        ids = [row["id"] for row in await connection.fetch("SELECT id FROM chat_message_outbox")]
    await PostgresOutbox(engine).mark_failed([FailedTry(ids[0], 1, DUE_AT_ONCE, "a test")])


WAITING: dict[str, tuple[str, Work]] = {
    "remember": ("SELECT 1 FROM chat_profiles FOR UPDATE", remember),
    "open a session": ("LOCK TABLE chat_sessions IN EXCLUSIVE MODE", open_session),
    "mark failed": ("SELECT 1 FROM chat_message_outbox FOR UPDATE", mark_failed),
}


@asynccontextmanager
async def locked(url: str, statement: str) -> AsyncIterator[None]:
    other = create_engine(url, pool_size=1)
    async with transaction(other) as connection:
        await connection.execute(text(statement))
        yield
    await other.dispose()


async def pid_of(engine: AsyncEngine) -> int:
    async with driver_connection(engine) as connection:
        pid: int = connection.get_server_pid()
        return pid


@pytest.mark.parametrize("kind", WAITING)
async def test_waiting_sends_are_refused_and_the_connection_stays(database_url: str, kind: str) -> None:
    engine = create_engine(database_url, pool_size=1, timeout=30)
    await PostgresProfileDirectory(engine).remember([ANN, BOB])
    await store_one(engine, ANN, BOB)
    statement, work = WAITING[kind]
    pid = await pid_of(engine)
    async with locked(database_url, statement):
        started = monotonic()
        with pytest.raises(StoreUnavailable, match="locked"):
            await work(engine)
        assert LOCK_WAIT - 0.1 < monotonic() - started < LOCK_WAIT + SCHEDULING
        assert await pid_of(engine) == pid
        assert condition_of(engine).failure is None
    await work(engine)
    await engine.dispose()


async def test_a_lock_of_somebody_else_is_logged_once(
    database_url: str, engine: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    await PostgresProfileDirectory(engine).remember([ANN])
    async with locked(database_url, "SELECT 1 FROM chat_profiles FOR UPDATE"):
        outcomes = await asyncio.gather(*(remember(engine) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
    told = [record.getMessage() for record in caplog.records if "55P03" in record.getMessage()]
    assert told == ["the database: somebody else holds a lock for too long (55P03)"]


async def test_sends_into_other_sessions_go_on(database_url: str, engine: AsyncEngine) -> None:
    await PostgresProfileDirectory(engine).remember([ANN, BOB, CARL])
    await store_one(engine, ANN, BOB)
    longest = 0.0
    async with locked(database_url, "SELECT 1 FROM chat_profiles WHERE display_name = 'Ann' FOR UPDATE"):
        waiting = [asyncio.create_task(remember(engine)) for _ in range(5)]
        while not all(task.done() for task in waiting):
            started = monotonic()
            await store_one(engine, BOB, CARL)
            longest = max(longest, monotonic() - started)
        assert all(isinstance(task.exception(), StoreUnavailable) for task in waiting)
    assert longest < SCHEDULING


async def test_marks_go_on_without_the_message_that_is_locked(database_url: str, engine: AsyncEngine) -> None:
    await PostgresProfileDirectory(engine).remember([ANN, BOB, CARL])
    busy, free = (await store_one(engine, ANN, BOB)).message, (await store_one(engine, ANN, CARL)).message
    messages = PostgresMessageRepository(engine)
    async with locked(database_url, f"SELECT 1 FROM chat_messages WHERE id = '{busy.id}' FOR UPDATE"):
        started = monotonic()
        marks = await messages.mark_delivered_durably([ref(busy), ref(free)])
        assert monotonic() - started < SCHEDULING
        assert [one.sending.session_id for one in marks.reached] == [free.session_id]
        assert marks.busy == [ref(busy)]
    marks = await messages.mark_delivered_durably([ref(busy), ref(free)])
    assert [one.sending.session_id for one in marks.reached] == [busy.session_id]
    assert marks.busy == []


async def test_a_mark_of_a_locked_message_is_made_later(database_url: str, engine: AsyncEngine) -> None:
    await PostgresProfileDirectory(engine).remember([ANN, BOB, CARL])
    busy, free = (await store_one(engine, ANN, BOB)).message, (await store_one(engine, ANN, CARL)).message
    messages = PostgresMessageRepository(engine)
    marks: WriteBehind[MessageRef] = WriteBehind("marks", MarkDelivered(messages, lambda reached: None))
    marks.start()
    async with locked(database_url, f"SELECT 1 FROM chat_messages WHERE id = '{busy.id}' FOR UPDATE"):
        marks.add([ref(busy), ref(free)])
        assert await marks.flush()
        assert marks.put_off == [ref(busy)]

    async def delivered() -> bool:
        return (await messages.latest(busy.session_id, 1))[0].delivered

    assert await eventually_some(delivered)
    assert marks.put_off == []
    await marks.stop()


async def test_an_ack_of_a_locked_message_holds_up_no_others(database_url: str, engine: AsyncEngine) -> None:
    await PostgresProfileDirectory(engine).remember([ANN, BOB, CARL])
    busy, free = (await store_one(engine, ANN, BOB)).message, (await store_one(engine, ANN, CARL)).message
    mark_delivered = MarkDelivered(PostgresMessageRepository(engine), lambda reached: None)
    acks = ack_batcher(mark_delivered, max_pending=100, patience=30)
    acks.start()
    async with locked(database_url, f"SELECT 1 FROM chat_messages WHERE id = '{busy.id}' FOR UPDATE"):
        waiting = acks.submit(Acked(busy.session_id, [ref(busy)]))
        for ack in (Acked(free.session_id, [ref(free)]), NOTHING_ACKED):
            async with asyncio.timeout(SCHEDULING):
                await acks.submit(ack)
        assert not waiting.done()
    async with asyncio.timeout(SCHEDULING):
        await waiting
    await acks.stop()
    assert [one.delivered for one in await PostgresMessageRepository(engine).latest(busy.session_id, 1)] == [True]


async def test_a_transaction_that_stands_still_is_ended(database_url: str, engine: AsyncEngine) -> None:
    stuck = create_engine(database_url, pool_size=1, timeout=0.5)

    async def lock_and_stand_still() -> None:
        async with transaction(stuck) as connection:
            await connection.execute(text("LOCK TABLE chat_profiles IN EXCLUSIVE MODE"))
            await PostgresProfileDirectory(engine).remember([ANN])  # waits until the other is ended
            await connection.execute(text("SELECT 1"))

    with pytest.raises(StoreUnavailable):
        await lock_and_stand_still()
    assert await PostgresProfileDirectory(engine).get([ANN.id]) == [ANN]
    await stuck.dispose()
