"""A session that somebody has locked holds nobody up but itself."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.memory.broker import InProcessBroker
from adapters.memory.clock import ManualClock
from adapters.postgres.connection.database import create_engine, driver_transaction
from adapters.postgres.messages.changes import PostgresMessageChanges
from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.postgres.outbox.repository import PostgresOutbox
from adapters.postgres.profiles import PostgresProfileDirectory
from adapters.postgres.sessions.repository import PostgresSessionRepository
from adapters.system.ids import Uuid7Generator
from application.delivery.message_intake import Accepted, MessageIntake
from application.delivery.outbox.relay import OutboxRelay
from application.delivery.shown_messages import ShownMessages
from application.diagnostics.counters import Counters
from application.ports.messages import Stored
from application.wire.message_views import MessageViews
from domain.errors import SessionBusy, SessionNotFound, StoreUnavailable
from domain.identifiers import ProfileId
from domain.rules.withheld_ids import WithheldIds
from domain.session import ChatSession
from entrypoints import wiring
from entrypoints.settings.model import Settings
from tests.support.people import DUE_AT_ONCE, NOW, draft, envelope, person, session_of

ANN, BOB = person("ann"), person("bob")


class Instance:
    """The intake of one instance, with its own connections."""

    def __init__(self, url: str, patience: float) -> None:
        self.engine = create_engine(url)
        self.messages = PostgresMessageRepository(self.engine)
        clock, counters, ids = ManualClock(NOW), Counters(), Uuid7Generator()
        relay = OutboxRelay(
            PostgresOutbox(self.engine),
            InProcessBroker(),
            PostgresProfileDirectory(self.engine),
            counters,
            wiring.retry_policy(Settings()),
            wiring.relay_settings(Settings()),
        )
        self.intake = MessageIntake(
            self.messages,
            relay,
            ids,
            clock,
            counters,
            ShownMessages(
                PostgresMessageChanges(self.engine), MessageViews("deleted", "withheld", WithheldIds(b"key"))
            ),
            max_batch=64,
            max_pending=10_000,
            at_once=3,
            patience=patience,
            max_wait=5,
        )

    def send(self, session: ChatSession, count: int = 1) -> list["asyncio.Future[Accepted]"]:
        return [self.intake.submit(draft(session, ANN, BOB, str(number)), "http") for number in range(count)]

    async def close(self) -> None:
        await self.intake.stop()
        await self.engine.dispose()


@pytest.fixture
async def instances(database_url: str) -> AsyncIterator[Sequence[Instance]]:
    instances = [Instance(database_url, patience=2) for _ in range(2)]
    for instance in instances:
        instance.intake.start()
    yield instances
    for instance in instances:
        await instance.close()


async def open_sessions(engine: AsyncEngine, count: int) -> list[ChatSession]:
    sessions = PostgresSessionRepository(engine)
    return [await sessions.get_or_create(session_of(replace(ANN, id=ProfileId(uuid4())), BOB)) for _ in range(count)]


async def test_a_batch_goes_on_without_locked_messages(engine: AsyncEngine, database_url: str) -> None:
    messages = PostgresMessageRepository(engine)
    locked, free = await open_sessions(engine, 2)
    other = create_engine(database_url, pool_size=1)
    drafts = [draft(one, ANN, BOB) for one in (locked, free, locked, free, session_of(ANN, BOB))]
    async with driver_transaction(other) as connection:
        await connection.execute("SELECT 1 FROM chat_sessions WHERE id = $1 FOR UPDATE", locked.id)
        outcomes = await messages.append(drafts, DUE_AT_ONCE, envelope)
        assert [type(one) for one in outcomes] == [SessionBusy, Stored, SessionBusy, Stored, SessionNotFound]
        (again,) = await messages.append(drafts[:1], DUE_AT_ONCE, envelope, wait_for=locked.id)
        assert isinstance(again, SessionBusy)
        waiting = asyncio.create_task(messages.append(drafts[:1], DUE_AT_ONCE, envelope, wait_for=locked.id))
        await asyncio.sleep(0.02)
    await other.dispose()
    assert [type(one) for one in await waiting] == [Stored]


async def test_a_transaction_with_a_locked_session_is_not_stored_in_part(
    engine: AsyncEngine, database_url: str
) -> None:
    messages = PostgresMessageRepository(engine)
    locked, free = await open_sessions(engine, 2)
    other = create_engine(database_url, pool_size=1)
    transaction = uuid4()
    together = [draft(one, ANN, BOB)._replace(transaction=transaction) for one in (free, locked)]
    async with driver_transaction(other) as connection:
        await connection.execute("SELECT 1 FROM chat_sessions WHERE id = $1 FOR UPDATE", locked.id)
        outcomes = await messages.append([*together, draft(free, ANN, BOB)], DUE_AT_ONCE, envelope)
        assert [type(one) for one in outcomes] == [SessionBusy] * 3, "what follows in its sessions waits too"
    await other.dispose()
    assert list(await messages.latest(free.id, 10)) == []


async def test_a_locked_session_delays_no_other_session(
    engine: AsyncEngine, instances: Sequence[Instance], database_url: str
) -> None:
    one, _ = instances
    locked, *free = await open_sessions(engine, 11)
    other = create_engine(database_url, pool_size=1)
    async with driver_transaction(other) as connection:
        await connection.execute("SELECT 1 FROM chat_sessions WHERE id = $1 FOR UPDATE", locked.id)
        waiting = one.send(locked, 100)
        for _ in range(10):
            began = time.perf_counter()
            await asyncio.gather(*(future for session in free for future in one.send(session, 3)))
            assert time.perf_counter() - began < 0.5
        assert not any(future.done() for future in waiting)
    await asyncio.gather(*waiting)
    await other.dispose()
    assert [message.content for message in await one.messages.latest(locked.id, 200)] == [str(n) for n in range(100)]


async def test_an_item_that_waits_too_long_is_unavailable(
    engine: AsyncEngine, instances: Sequence[Instance], database_url: str
) -> None:
    one, _ = instances
    (locked,) = await open_sessions(engine, 1)
    other = create_engine(database_url, pool_size=1)
    async with driver_transaction(other) as connection:
        await connection.execute("SELECT 1 FROM chat_sessions WHERE id = $1 FOR UPDATE", locked.id)
        refused = await asyncio.gather(*one.send(locked, 3), return_exceptions=True)
        assert [type(error) for error in refused] == [StoreUnavailable] * 3
    await other.dispose()
    await asyncio.gather(*one.send(locked, 3))


async def test_two_instances_in_one_session_do_not_starve_each_other(
    engine: AsyncEngine, instances: Sequence[Instance]
) -> None:
    (session,) = await open_sessions(engine, 1)
    longest = [0.0, 0.0]

    async def write(place: int) -> None:
        for _ in range(60):
            began = time.perf_counter()
            await asyncio.gather(*instances[place].send(session, 5))
            longest[place] = max(longest[place], time.perf_counter() - began)

    await asyncio.gather(*(write(place) for place in (0, 0, 0, 1, 1, 1)))
    assert max(longest) < 1, longest
    last = await instances[0].messages.latest(session.id, 1)
    assert [message.seq for message in last] == [6 * 60 * 5]
