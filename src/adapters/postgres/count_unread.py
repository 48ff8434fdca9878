"""Counts what both sides of sessions have not read, and stores it, where the counter does not hold."""

from collections.abc import Collection

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.buckets import with_buckets
from adapters.postgres.connection.database import driver_transaction
from adapters.postgres.sides import of_both
from adapters.postgres.unread_columns import READ_TO, UNREAD
from domain.identifiers import SessionId

MAX_AT_ONCE = 20

_LOCK = """
    SELECT id FROM chat_sessions WHERE bucket = ANY($2::smallint[]) AND id = ANY($1::uuid[])
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
_COUNTED = f"{{side}}_unread = {UNREAD}, {{side}}_read_to = {READ_TO}, {{side}}_unread_seen = s.{{side}}_seen_to"
# The rows are locked: their messages do not change between the lock and the snapshot of this statement.
_COUNT = f"""
    UPDATE chat_sessions s SET {of_both(_COUNTED)}, unread_seq = s.last_seq
    WHERE s.bucket = ANY($2::smallint[]) AND s.id = ANY($1::uuid[])
"""  # noqa: S608 - made of constants


async def count_unread(engine: AsyncEngine, session_ids: Collection[SessionId]) -> None:
    """Counts the first sessions of these, but for those that are locked. Raises `Unavailable`."""
    async with driver_transaction(engine) as connection:
        rows = await connection.fetch(_LOCK, *with_buckets(list(session_ids)[:MAX_AT_ONCE]))
        if rows:
            await count_locked(connection, [row["id"] for row in rows])


async def count_locked(connection: "asyncpg.Connection[asyncpg.Record]", session_ids: Collection[SessionId]) -> None:
    """Counts sessions that the caller's transaction has locked."""
    await connection.execute(_COUNT, *with_buckets(session_ids))
