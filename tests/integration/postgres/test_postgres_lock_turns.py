"""Commands for a row that somebody else keeps locked take few connections, so that nobody else notices."""

import asyncio
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import LOCK_WAIT, Locked, create_engine, driver_connection
from adapters.postgres.connection.lock_turns import MAX_WAITING, LockTurns
from adapters.postgres.messages.changes import PostgresMessageChanges
from adapters.postgres.sessions import showing
from adapters.postgres.sessions.conversations import PostgresConversationRepository
from adapters.postgres.sessions.repository import PostgresSessionRepository
from adapters.postgres.sessions.showing import PostgresShowingRepository
from adapters.postgres.sessions.unread import PostgresUnreadRepository
from application.ports.changes.message_changes import Operation
from domain.message import Message
from domain.showing import EVERYTHING, Showing
from tests.integration.postgres.test_postgres_foreign_locks import SCHEDULING, locked, store_one
from tests.support.people import person, session_of

ANN, BOB, CARL = person("ann"), person("bob"), person("carl")
COMMANDS = 20
UNTYPED = Showing(typing=False)


async def change(engine: AsyncEngine, turns: LockTurns, message: Message) -> object:
    return await PostgresMessageChanges(engine, turns).change(
        message.session_id, message.id, lambda message, *_: message, lambda _: {}
    )


async def set_state(engine: AsyncEngine, turns: LockTurns, message: Message) -> object:
    conversations = PostgresConversationRepository(engine, turns)
    return await conversations.change(message.session_id, ANN.id, lambda conversation, *_: conversation)


async def mark_unread(engine: AsyncEngine, turns: LockTurns, message: Message) -> object:
    return await PostgresUnreadRepository(engine, turns).mark_unread(message.session_id, BOB.id, 1)


async def set_settings(engine: AsyncEngine, turns: LockTurns, message: Message) -> object:
    return await PostgresShowingRepository(engine, turns).store(ANN.email, [ANN], None, UNTYPED)


COMMANDS_BY_LOCK: dict[str, tuple[str, Callable[[AsyncEngine, LockTurns, Message], Coroutine[Any, Any, object]]]] = {
    "a change of a message in a locked session": (
        "SELECT 1 FROM chat_sessions WHERE id = '{session}' FOR UPDATE",
        change,
    ),
    "a change of a locked message": ("SELECT 1 FROM chat_messages WHERE id = '{message}' FOR UPDATE", change),
    "one's own state": ("SELECT 1 FROM chat_conversations FOR UPDATE", set_state),
    "unread marks": ("SELECT 1 FROM chat_sessions WHERE id = '{session}' FOR UPDATE", mark_unread),
    "settings": ("SELECT 1 FROM chat_settings FOR UPDATE", set_settings),
    "settings of a locked session": ("SELECT 1 FROM chat_sessions WHERE id = '{session}' FOR UPDATE", set_settings),
}


@pytest.mark.parametrize("kind", COMMANDS_BY_LOCK)
async def test_commands_that_wait_leave_the_connections_to_others(database_url: str, kind: str) -> None:
    engine = create_engine(database_url, pool_size=MAX_WAITING + 2)
    turns = LockTurns(engine)
    message = (await store_one(engine, ANN, BOB)).message
    await set_state(engine, turns, message)
    await PostgresShowingRepository(engine, turns).store(ANN.email, [ANN], None, EVERYTHING)
    statement, command = COMMANDS_BY_LOCK[kind]
    longest = 0.0
    async with locked(database_url, statement.format(session=message.session_id, message=message.id)):
        waiting = [asyncio.create_task(command(engine, turns, message)) for _ in range(COMMANDS)]
        while not all(task.done() for task in waiting):
            started = monotonic()
            await store_one(engine, BOB, CARL)
            longest = max(longest, monotonic() - started)
        assert all(isinstance(task.exception(), Locked) for task in waiting)
    assert longest < min(SCHEDULING, LOCK_WAIT)
    await command(engine, turns, message)
    await engine.dispose()


async def test_one_locked_session_does_not_keep_commands_of_another_waiting(database_url: str) -> None:
    engine = create_engine(database_url, pool_size=MAX_WAITING + 2)
    turns = LockTurns(engine)
    mine, other = (await store_one(engine, ANN, BOB)).message, (await store_one(engine, BOB, CARL)).message
    async with locked(database_url, f"SELECT 1 FROM chat_sessions WHERE id = '{mine.session_id}' FOR UPDATE"):
        waiting = [asyncio.create_task(change(engine, turns, mine)) for _ in range(COMMANDS)]
        async with asyncio.timeout(SCHEDULING):
            await change(engine, turns, other)
        assert not any(task.done() for task in waiting)
        await asyncio.wait(waiting)
    assert all(isinstance(task.exception(), Locked) for task in waiting)
    await engine.dispose()


async def test_settings_lock_a_slice_of_the_sessions_at_a_time_and_a_repeat_completes_them(
    database_url: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "SLICE", 2)
    sessions = PostgresSessionRepository(engine)
    opened = {(await sessions.get_or_create(session_of(ANN, person(f"peer{n}")))).id for n in range(7)}
    async with driver_connection(engine) as connection:
        (last,) = await connection.fetch("SELECT max(id::text) AS id FROM chat_sessions")
    settings = PostgresShowingRepository(engine)
    operation = Operation(ANN.id, uuid4(), b"a test")
    async with locked(database_url, f"SELECT 1 FROM chat_sessions WHERE id = '{last['id']}' FOR UPDATE"):
        with pytest.raises(Locked):
            await settings.store(ANN.email, [ANN], None, UNTYPED, operation)
    left = {str(side.session_id) for side in await settings.store(ANN.email, [ANN], None, UNTYPED, operation)}
    assert left == {last["id"]}
    hidden = await settings.hidden(opened)
    assert set(hidden.values()) == {UNTYPED.hidden}
    assert await settings.store(ANN.email, [ANN], None, UNTYPED, operation) == []
