"""Sessions in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.buckets import bucket_of, with_buckets
from adapters.postgres.connection.database import driver_connection
from adapters.postgres.rows import session_of
from adapters.postgres.sessions.overview import overview
from adapters.postgres.sessions.showing import hides_of
from application.concurrency.batch_loader import BatchLoader
from application.ports.sessions import SessionOverview, SessionPosition
from domain.identifiers import Email, Intent, ProfileId, SessionId
from domain.session import ChatSession

_OF_PAIR = """
    SELECT s.id, s.sender_profile_id, s.receiver_profile_id, s.intent, s.created_at
    FROM chat_user_sessions u JOIN chat_sessions s ON s.bucket = u.bucket AND s.id = u.session_id
    WHERE u.profile_id = $1 AND u.peer_id = $2 AND u.intent = $3
"""
# A trigger makes the rows of the pair, whose key is unique over all buckets.
_MAKE = """
    INSERT INTO chat_sessions (id, sender_profile_id, receiver_profile_id, intent, changed, bucket,
                               sender_hides, receiver_hides,
                               unread_seq, sender_unread, receiver_unread, sender_unread_seen, receiver_unread_seen)
    VALUES ($1, $2, $3, $4, pg_current_xact_id()::text::bigint, $5, $6, $7, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING
"""
_FIND = """
    SELECT id, sender_profile_id, receiver_profile_id, intent, created_at
    FROM chat_sessions WHERE bucket = ANY($2::smallint[]) AND id = ANY($1::uuid[])
"""


class PostgresSessionRepository:
    """Keeps sessions in PostgreSQL. The port says what each method promises; all raise `Unavailable`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._finds: BatchLoader[SessionId, ChatSession] = BatchLoader(self._find)

    async def get_or_create(
        self, session: ChatSession, emails: Mapping[ProfileId, Email] = MappingProxyType({})
    ) -> ChatSession:
        """Finds the session of the pair and intent, or stores `session`. One of several callers at once stores it."""
        pair = (session.pair.low, session.pair.high, session.intent)
        async with driver_connection(self._engine) as connection:
            found = await connection.fetchrow(_OF_PAIR, *pair)
            if found is None:
                # waits for whoever makes the same one; the next statement then sees it
                with suppress(asyncpg.UniqueViolationError):
                    async with connection.transaction():
                        hides = [await hides_of(connection, emails.get(side), session.intent) for side in session.pair]
                        await connection.execute(_MAKE, session.id, *pair, bucket_of(session.id), *hides)
                found = await connection.fetchrow(_OF_PAIR, *pair)
        assert found is not None, "it is there, by whomever"
        return session_of(found)

    async def find(self, session_id: SessionId) -> ChatSession | None:
        """Finds a session. Calls at the same time share one statement."""
        return await self._finds(session_id)

    async def _find(self, session_ids: Sequence[SessionId]) -> Mapping[SessionId, ChatSession]:
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_FIND, *with_buckets(session_ids))
        return {row["id"]: session_of(row) for row in rows}

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
