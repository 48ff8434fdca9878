"""The outbox in PostgreSQL (contract, section 9)."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.database import NO_WAIT, driver_connection
from adapters.postgres.rows import entry_of
from adapters.postgres.tables import STRANGE_ID
from application.ports.outbox import DeadEntry, FailedTry, OutboxStatus
from domain.errors import Unavailable
from domain.identifiers import OutboxId
from domain.outbox import OutboxEntry

MAX_TRIES = 5

_COLUMNS = "o.id, o.destination, o.payload::text AS payload, o.created_at, o.retry_count"

_CLAIM = f"""
    UPDATE chat_message_outbox o SET next_retry_at = $2
    FROM (SELECT id FROM chat_message_outbox
          WHERE processed = false AND sent_at IS NULL AND next_retry_at <= $1
          ORDER BY next_retry_at LIMIT $3 FOR UPDATE SKIP LOCKED) due
    WHERE o.id = due.id RETURNING {_COLUMNS}
"""  # noqa: S608 - made of constants
# A mark that a crash loses means one delivery more.
_KEEP = f"UPDATE chat_message_outbox SET processed = true, sent_at = $2 WHERE id = ANY($1::uuid[]) AND {NO_WAIT}"  # noqa: S608 - made of constants
_DROP = f"DELETE FROM chat_message_outbox WHERE id = ANY($1::uuid[]) AND {NO_WAIT}"  # noqa: S608 - made of constants
_FAIL = """
    UPDATE chat_message_outbox o
    SET retry_count = f.retry_count, next_retry_at = coalesce(f.next_try_at, 'infinity'), last_error = f.reason,
        dead_at = CASE WHEN f.next_try_at IS NULL THEN $5::timestamptz END
    FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[]) f(id, retry_count, next_try_at, reason)
    WHERE o.id = f.id
"""
_RELEASE = "UPDATE chat_message_outbox SET next_retry_at = $2 WHERE id = ANY($1::uuid[]) AND processed = false"
_PURGE = f"""
    DELETE FROM chat_message_outbox WHERE id IN (
        (SELECT id FROM chat_message_outbox WHERE id < $3 AND processed AND sent_at < $1 ORDER BY id LIMIT $2)
        UNION ALL
        (SELECT id FROM chat_message_outbox WHERE {STRANGE_ID} AND processed AND sent_at < $1 LIMIT $2)
        LIMIT $2)
"""  # noqa: S608 - made of constants
_STATUS = """
    SELECT count(*) FILTER (WHERE dead_at IS NULL) AS pending, count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead,
           min(created_at) FILTER (WHERE dead_at IS NULL) AS oldest
    FROM chat_message_outbox WHERE processed = false AND sent_at IS NULL
"""
_DEAD = f"""
    SELECT {_COLUMNS}, o.dead_at, o.last_error FROM chat_message_outbox o
    WHERE o.processed = false AND o.sent_at IS NULL AND o.dead_at IS NOT NULL ORDER BY o.dead_at LIMIT $1
"""  # noqa: S608 - made of constants
_REQUEUE = """
    UPDATE chat_message_outbox SET next_retry_at = $2, retry_count = 0, dead_at = NULL, last_error = NULL
    WHERE processed = false AND sent_at IS NULL AND dead_at IS NOT NULL AND ($1::uuid[] IS NULL OR id = ANY($1))
"""
_DROP_DEAD = """
    DELETE FROM chat_message_outbox
    WHERE processed = false AND sent_at IS NULL AND dead_at IS NOT NULL AND id = ANY($1::uuid[])
"""


class PostgresOutbox:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def claim(self, now: datetime, until: datetime, limit: int) -> Sequence[OutboxEntry]:
        async with driver_connection(self._engine) as connection:
            return [entry_of(row) for row in await connection.fetch(_CLAIM, now, until, limit)]

    async def mark_processed(self, entry_ids: Collection[OutboxId], now: datetime, *, keep: bool) -> None:
        if keep:
            await self._write(_KEEP, list(entry_ids), now)
        else:
            await self._write(_DROP, list(entry_ids))

    async def mark_failed(self, tries: Sequence[FailedTry], now: datetime) -> None:
        columns = (
            [failed.id for failed in tries],
            [failed.retry_count for failed in tries],
            [failed.next_try_at for failed in tries],
            [failed.reason for failed in tries],
        )
        await self._write(_FAIL, *columns, now)

    async def release(self, entry_ids: Collection[OutboxId], now: datetime) -> None:
        await self._write(_RELEASE, list(entry_ids), now)

    async def purge(self, processed_before: datetime, limit: int) -> int:
        return await self._write(_PURGE, processed_before, limit, _first_uuid7_of(processed_before))

    async def status(self) -> OutboxStatus:
        async with driver_connection(self._engine) as connection:
            row = await connection.fetchrow(_STATUS)
        assert row is not None, "an aggregate has a row"
        return OutboxStatus(row["pending"], row["dead"], row["oldest"])

    async def dead(self, limit: int) -> Sequence[DeadEntry]:
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_DEAD, limit)
        return [DeadEntry(entry_of(row), row["dead_at"], row["last_error"] or "") for row in rows]

    async def requeue(self, entry_ids: Collection[OutboxId] | None, now: datetime) -> int:
        return await self._write(_REQUEUE, None if entry_ids is None else list(entry_ids), now)

    async def drop(self, entry_ids: Collection[OutboxId]) -> int:
        return await self._write(_DROP_DEAD, list(entry_ids))

    async def _write(self, statement: str, *arguments: Any) -> int:
        """How many rows it wrote.

        Only when a claim has run out do two instances write the same rows, so that to try again after a deadlock is
        cheaper than to lock all rows in order each time.
        """
        for _ in range(MAX_TRIES):
            with suppress(asyncpg.DeadlockDetectedError):
                async with driver_connection(self._engine) as connection:
                    done: str = await connection.execute(statement, *arguments)
                return int(done.rpartition(" ")[2])  # as in `DELETE 5`
        raise Unavailable("the outbox is being written by too many at once")


def _first_uuid7_of(time: datetime) -> UUID:
    """No UUIDv7 made at `time` or later is smaller (RFC 9562, 5.7): the primary key serves as an index over time."""
    return UUID(int=max(0, int(time.timestamp() * 1000)) << 80)
