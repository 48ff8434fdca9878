"""A row that somebody else keeps locked: what waits for it is refused soon, and nobody else notices."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.condition import condition_of
from adapters.postgres.database import LOCK_WAIT, create_engine, driver_connection, transaction
from adapters.postgres.messages import PostgresMessageRepository
from adapters.postgres.outbox import PostgresOutbox
from adapters.postgres.profiles import PostgresProfileDirectory
from adapters.postgres.sessions import PostgresSessionRepository
from application.ports.messages import Stored
from application.ports.outbox import FailedTry
from domain.errors import StoreUnavailable
from domain.profile import Profile
from tests.support.people import DUE_AT_ONCE, draft, envelope, person, session_of

ANN, BOB, CARL = person("ann"), person("bob"), person("carl")
SCHEDULING = 0.5  # seconds
Work = Callable[[AsyncEngine], Awaitable[object]]


async def store_one(engine: AsyncEngine, sender: Profile, receiver: Profile) -> Stored:
    session = await PostgresSessionRepository(engine).get_or_create(session_of(sender, receiver))
    drafts = [draft(session, sender, receiver)]
    (outcome,) = await PostgresMessageRepository(engine).append(drafts, DUE_AT_ONCE, envelope)
    assert isinstance(outcome, Stored)
    return outcome


async def remember(engine: AsyncEngine) -> object:
    return await PostgresProfileDirectory(engine).remember([Profile(ANN.id, ANN.email, ANN.intent, "Ann the second")])


async def open_session(engine: AsyncEngine) -> object:
    return await PostgresSessionRepository(engine).get_or_create(session_of(ANN, CARL))


async def mark_delivered(engine: AsyncEngine) -> object:
    async with driver_connection(engine) as connection:
        ids = [row["id"] for row in await connection.fetch("SELECT id FROM chat_messages")]
    return await PostgresMessageRepository(engine).mark_delivered(ids, durable=True)


async def mark_failed(engine: AsyncEngine) -> object:
    async with driver_connection(engine) as connection:
        ids = [row["id"] for row in await connection.fetch("SELECT id FROM chat_message_outbox")]
    return await PostgresOutbox(engine).mark_failed([FailedTry(ids[0], 1, DUE_AT_ONCE, "a test")])


WAITING: dict[str, tuple[str, Work]] = {
    "remember": ("SELECT 1 FROM chat_profiles FOR UPDATE", remember),
    "open a session": ("LOCK TABLE chat_sessions IN EXCLUSIVE MODE", open_session),
    "mark delivered": ("SELECT 1 FROM chat_messages FOR UPDATE", mark_delivered),
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
        return connection.get_server_pid()


@pytest.mark.parametrize("kind", WAITING)
async def test_what_waits_is_refused_and_keeps_its_connection(database_url: str, kind: str) -> None:
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
