"""Measures the store alone, on one connection: its statements, its log and its sizes."""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from random import Random
from time import perf_counter

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import create_engine, driver_connection
from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.postgres.outbox.repository import PostgresOutbox
from adapters.postgres.schema.growth import PostgresGrowthReader
from adapters.postgres.sessions.repository import PostgresSessionRepository
from bench.growth.filling import Filled, settle
from bench.growth.sending import CLAIM, Route, Sender, some_routes
from bench.results.store_figures import StoreFigures
from domain.identifiers import ProfileId

PAGE = 50
ROUTES = 10_000
"""Sessions that are written to and read, at random."""
MOST_CALLS = 500
STATEMENT_TIMEOUT = 120.0

Call = Callable[[], Awaitable[object]]


async def measure(url: str, filled: Filled, seconds: float) -> StoreFigures:
    """Measures each statement for `seconds` at most. Raises the driver's errors, and `Unavailable`."""
    figures = StoreFigures(filled.messages, filled.sessions)
    engine = create_engine(url, pool_size=1, timeout=STATEMENT_TIMEOUT)
    try:
        routes = await some_routes(engine, ROUTES)
        for name, call in _reads(engine, filled, routes):  # first, as sending changes what is unread
            figures.note(name, await _times(call, seconds))
        await _settle(engine)
        sender = Sender(engine, routes, figures)
        await sender.send("send, 128 at once, right after a checkpoint", seconds)
        await sender.send("send, 128 at once, later", seconds)
        await sender.send("send, 1 at once", seconds, batch=1)
        await _settle(engine)
        growth = await PostgresGrowthReader(engine).read()
    finally:
        await engine.dispose()
    figures.stored = next(table.rows for table in growth.tables if table.name == "chat_messages")
    figures.octets = {table.name: table.octets for table in growth.tables} | dict(growth.index_octets)
    return figures


def _reads(engine: AsyncEngine, filled: Filled, routes: list[Route]) -> Iterator[tuple[str, Call]]:
    sessions, messages = PostgresSessionRepository(engine), PostgresMessageRepository(engine)
    outbox, random = PostgresOutbox(engine), Random(2)

    def unread() -> Awaitable[object]:
        session_id, _, reader = random.choice(routes)
        return messages.unseen(session_id, reader.id, PAGE)

    for count, profile in filled.readers.items():
        mine = [ProfileId(profile)]
        yield f"list, {count:,} of one's sessions", partial(sessions.overview, mine, None, None, PAGE)
        yield f"replay, {count:,} of one's sessions", partial(messages.undelivered, mine, None, PAGE)
    yield "history, latest 50", lambda: messages.latest(random.choice(routes)[0], PAGE)
    yield "unread", unread
    yield "claim, nothing due", lambda: outbox.claim(CLAIM, 500)


async def _times(call: Call, seconds: float) -> list[float]:
    await call()  # makes the connection, and parses the statement
    began, times = perf_counter(), list[float]()
    while len(times) < MOST_CALLS and perf_counter() - began < seconds:
        started = perf_counter()
        await call()
        times.append(perf_counter() - started)
    return times


async def _settle(engine: AsyncEngine) -> None:
    async with driver_connection(engine) as connection:
        await settle(connection)
