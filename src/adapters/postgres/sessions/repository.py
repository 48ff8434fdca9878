"""Sessions in PostgreSQL."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.buckets import bucket_of, with_buckets
from adapters.postgres.connection.database import driver_connection
from adapters.postgres.connection.lock_turns import LockTurns
from adapters.postgres.operations import is_repeated
from adapters.postgres.rows import STANDING, session_of, standing_of
from adapters.postgres.sessions.blocks import blocks_of
from adapters.postgres.sessions.overview import overview
from adapters.postgres.sessions.showing import hides_of
from application.concurrency.batch_loader import BatchLoader
from application.ports.changes.message_changes import Operation
from application.ports.sessions import SessionOverview, SessionPosition
from domain.errors import SessionNotFound
from domain.identifiers import Email, Intent, ProfileId, SessionId
from domain.session import ChatSession
from domain.standing import Standing

_OF_PAIR = """
    SELECT s.id, s.sender_profile_id, s.receiver_profile_id, s.intent, s.created_at
    FROM chat_user_sessions u JOIN chat_sessions s ON s.bucket = u.bucket AND s.id = u.session_id
    WHERE u.profile_id = $1 AND u.peer_id = $2 AND u.intent = $3
"""
# A trigger makes the rows of the pair, whose key is unique over all buckets.
_MAKE = """
    INSERT INTO chat_sessions (id, sender_profile_id, receiver_profile_id, intent, changed, bucket,
                               sender_hides, receiver_hides, sender_blocked_at, receiver_blocked_at,
                               unread_seq, sender_unread, receiver_unread, sender_unread_seen, receiver_unread_seen)
    VALUES ($1, $2, $3, $4, pg_current_xact_id()::text::bigint, $5, $6, $7,
            CASE WHEN $8 THEN now() END, CASE WHEN $9 THEN now() END, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING
"""
_FIND = """
    SELECT id, sender_profile_id, receiver_profile_id, intent, created_at
    FROM chat_sessions WHERE bucket = ANY($2::smallint[]) AND id = ANY($1::uuid[])
"""
_STANDINGS = f"""
    SELECT id, {STANDING} FROM chat_sessions WHERE bucket = ANY($2::smallint[]) AND id = ANY($1::uuid[])
"""  # noqa: S608 - made of constants
_LOCK = f"SELECT {STANDING} FROM chat_sessions WHERE bucket = $2 AND id = $1 FOR NO KEY UPDATE"  # noqa: S608
# the number never falls in a session
_CLOSE = """
    UPDATE chat_sessions SET closed_at = now(), changed = greatest(changed, pg_current_xact_id()::text::bigint)
    WHERE bucket = $2 AND id = $1
"""


class PostgresSessionRepository:
    """Keeps sessions in PostgreSQL. The port says what each method promises; all raise `Unavailable`."""

    def __init__(self, engine: AsyncEngine, turns: LockTurns | None = None) -> None:
        self._engine = engine
        self._turns = turns or LockTurns(engine)
        self._finds: BatchLoader[SessionId, ChatSession] = BatchLoader(self._find)
        self._standings: BatchLoader[SessionId, Standing] = BatchLoader(self._find_standings)

    async def get_or_create(
        self, session: ChatSession, emails: Mapping[ProfileId, Email] = MappingProxyType({})
    ) -> ChatSession:
        """Finds the session of the pair and intent, or stores `session`. One of several callers at once stores it."""
        pair = (session.pair.low, session.pair.high, session.intent)

        async def make(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
            hides = [await hides_of(connection, emails.get(side), session.intent) for side in session.pair]
            blocks = await blocks_of(connection, session.pair, emails)
            await connection.execute(_MAKE, session.id, *pair, bucket_of(session.id), *hides, *blocks)

        found = await self._of_pair(*pair)
        if found is None:
            # waits for whoever makes the same one; the next statement then sees it
            with suppress(asyncpg.UniqueViolationError):
                await self._turns.run(pair, make)
            found = await self._of_pair(*pair)
        assert found is not None, "it is there, by whomever"
        return session_of(found)

    async def _of_pair(self, low: ProfileId, high: ProfileId, intent: Intent) -> asyncpg.Record | None:
        async with driver_connection(self._engine) as connection:
            return await connection.fetchrow(_OF_PAIR, low, high, intent)

    async def find(self, session_id: SessionId) -> ChatSession | None:
        """Finds a session. Calls at the same time share one statement."""
        return await self._finds(session_id)

    async def _find(self, session_ids: Sequence[SessionId]) -> Mapping[SessionId, ChatSession]:
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_FIND, *with_buckets(session_ids))
        return {row["id"]: session_of(row) for row in rows}

    async def standings(self, session_ids: Collection[SessionId]) -> Mapping[SessionId, Standing]:
        """Reads how the two of each stand. Calls at the same time share one statement."""
        wanted = list(session_ids)
        found = zip(wanted, await asyncio.gather(*map(self._standings, wanted)), strict=True)
        return {session_id: standing for session_id, standing in found if standing is not None}

    async def _find_standings(self, session_ids: Sequence[SessionId]) -> Mapping[SessionId, Standing]:
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_STANDINGS, *with_buckets(session_ids))
        return {row["id"]: standing_of(row) for row in rows}

    async def close(self, session_id: SessionId, operation: Operation | None = None) -> bool:
        """Closes a session under its lock, for which the senders of messages do not wait."""
        place = (session_id, bucket_of(session_id))

        async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
            row = await connection.fetchrow(_LOCK, *place)
            if row is None:
                raise SessionNotFound
            if await is_repeated(connection, operation):
                return False
            if standing_of(row).is_closed:
                return False
            await connection.execute(_CLOSE, *place)
            return True

        return await self._turns.run(session_id, work)

    async def overview(
        self,
        readers: Collection[ProfileId],
        intent: Intent | None,
        after: SessionPosition | None,
        limit: int,
        *,
        only: Collection[SessionId] | None = None,
        archived: bool | None = None,
    ) -> Sequence[SessionOverview]:
        """Reads one page of the readers' sessions, by pin and last activity."""
        return await overview(self._engine, readers, intent, after, limit, only, archived)
