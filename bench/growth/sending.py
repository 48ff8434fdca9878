"""Sends and marks messages in a store, at random among many sessions, and measures its log."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from time import perf_counter
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import driver_connection
from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.postgres.outbox.repository import PostgresOutbox
from adapters.system.ids import Uuid7Generator
from application.ports.messages import MessageRef, Stored
from bench.phases.insert_floor import BATCH, CONTENT, envelope
from bench.results.store_figures import StoreFigures
from domain.identifiers import ClientMessageId, Email, Intent, MessageId, ProfileId, SessionId
from domain.message import Draft
from domain.profile import Profile

CLAIM = timedelta(seconds=60)
_LOG = """
    SELECT (pg_current_wal_insert_lsn() - '0/0')::float8 AS octets, pg_stat_force_next_flush(),
           (SELECT wal_fpi FROM pg_stat_wal)::float8 AS pages
"""
_SOME_SESSIONS = """
    SELECT id, sender_profile_id, receiver_profile_id FROM chat_sessions
    WHERE intent = 'bench' ORDER BY md5(id::text) LIMIT $1
"""

Route = tuple[SessionId, Profile, Profile]
"""A session, and its two participants."""


async def some_routes(engine: AsyncEngine, limit: int) -> list[Route]:
    """Up to `limit` sessions of the store, chosen at random and always the same."""
    async with driver_connection(engine) as connection:
        rows = await connection.fetch(_SOME_SESSIONS, limit)
    return [(row["id"], _profile(row["sender_profile_id"]), _profile(row["receiver_profile_id"])) for row in rows]


class Sender:
    """Sends among `routes`, one batch after the other, and notes what it measures in `figures`."""

    def __init__(self, engine: AsyncEngine, routes: Sequence[Route], figures: StoreFigures) -> None:
        self._engine = engine
        self._routes = routes
        self._figures = figures
        self._messages = PostgresMessageRepository(engine)
        self._outbox = PostgresOutbox(engine)
        self._ids = Uuid7Generator()
        self._random = Random(1)

    async def send(self, name: str, seconds: float, batch: int = BATCH) -> None:
        """Sends batches for so long. All of them are marked as delivered, and their outbox entries as processed."""
        began, log, times, sent = perf_counter(), await self._log(), list[float](), 0
        while perf_counter() - began < seconds:
            started = perf_counter()
            drafts = [self._draft() for _ in range(batch)]
            outcomes = await self._messages.append(drafts, CLAIM, envelope)
            times.append(perf_counter() - started)
            stored = [outcome for outcome in outcomes if isinstance(outcome, Stored)]
            await self._messages.mark_delivered([MessageRef(one.message.session_id, one.message.id) for one in stored])
            await self._outbox.mark_processed([entry.id for one in stored for entry in one.entries], keep=False)
            sent += len(stored)
        octets, pages = (after - before for after, before in zip(await self._log(), log, strict=True))
        self._figures.note(name, times)
        self._figures.log[name], self._figures.pages[name] = round(octets / sent), round(pages / sent, 2)

    def _draft(self) -> Draft:
        session_id, sender, receiver = self._random.choice(self._routes)
        return Draft(MessageId(self._ids.new()), session_id, ClientMessageId(uuid4()), sender, receiver, CONTENT)

    async def _log(self) -> tuple[float, float]:
        async with driver_connection(self._engine) as connection:
            await connection.fetchrow(_LOG)  # the counts of the statement before are told at its end
            row = await connection.fetchrow(_LOG)
        assert row is not None, "it has no condition"
        return row["octets"], row["pages"]


def _profile(profile_id: ProfileId) -> Profile:
    return Profile(profile_id, Email(f"{profile_id.hex}@example.org"), Intent("bench"), "somebody")
