"""The outbox in PostgreSQL (contract, section 9)."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import NO_WAIT, driver_connection
from adapters.postgres.outbox.claim import ENTRY_COLUMNS, Claims, bounded_time
from adapters.postgres.rows import entry_of
from adapters.postgres.schema.tables import STRANGE_ID
from application.ports.outbox import DeadEntry, FailedTry, OutboxStatus
from domain.errors import Unavailable
from domain.identifiers import OutboxId
from domain.outbox import OutboxEntry

MAX_TRIES = 5

# A mark that a crash loses means one delivery more.
_KEEP = f"UPDATE chat_message_outbox SET processed = true, sent_at = now() WHERE id = ANY($1::uuid[]) AND {NO_WAIT}"  # noqa: S608 - made of constants
_DROP = f"DELETE FROM chat_message_outbox WHERE id = ANY($1::uuid[]) AND {NO_WAIT}"  # noqa: S608 - made of constants
_FAIL = """
    UPDATE chat_message_outbox o
    SET retry_count = f.retry_count, next_retry_at = coalesce(now() + f.delay, 'infinity'), last_error = f.reason,
        dead_at = CASE WHEN f.delay IS NULL THEN now() END
    FROM unnest($1::uuid[], $2::int[], $3::interval[], $4::text[]) f(id, retry_count, delay, reason)
    WHERE o.id = f.id
"""
_RELEASE = "UPDATE chat_message_outbox SET next_retry_at = now() WHERE id = ANY($1::uuid[]) AND processed = false"
# No UUIDv7 made since then is smaller (RFC 9562, 5.7): the primary key serves as an index over time.
_FIRST_KEPT = """
    (lpad(to_hex(greatest(0, extract(epoch FROM now() - $1::interval) * 1000)::bigint), 12, '0')
     || repeat('0', 20))::uuid
"""
_PURGE = f"""
    DELETE FROM chat_message_outbox WHERE id IN (
        (SELECT id FROM chat_message_outbox
         WHERE id < {_FIRST_KEPT} AND processed AND sent_at < now() - $1::interval ORDER BY id LIMIT $2)
        UNION ALL
        (SELECT id FROM chat_message_outbox
         WHERE {STRANGE_ID} AND processed AND sent_at < now() - $1::interval LIMIT $2)
        LIMIT $2)
"""  # noqa: S608 - made of constants
_STATUS = f"""
    SELECT count(*) FILTER (WHERE dead_at IS NULL) AS pending, count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead,
           min({bounded_time("created_at")}) FILTER (WHERE dead_at IS NULL) AS oldest
    FROM chat_message_outbox WHERE processed = false AND sent_at IS NULL
"""  # noqa: S608 - made of constants
# What holds the oldest snapshot: a transaction, a prepared one, a replica's slot. Nothing younger is ever vacuumed.
_SNAPSHOT_AGE = """
    SELECT greatest(
        0,
        (SELECT max(age(backend_xmin)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()),
        (SELECT max(greatest(age(xmin), age(catalog_xmin))) FROM pg_replication_slots),
        (SELECT max(age(transaction)) FROM pg_prepared_xacts))
"""
_DEAD = f"""
    SELECT {ENTRY_COLUMNS}, {bounded_time("o.dead_at")} AS dead_at, o.last_error FROM chat_message_outbox o
    WHERE o.processed = false AND o.sent_at IS NULL AND o.dead_at IS NOT NULL ORDER BY o.dead_at LIMIT $1
"""  # noqa: S608 - made of constants
_REQUEUE = """
    UPDATE chat_message_outbox SET next_retry_at = now(), retry_count = 0, dead_at = NULL, last_error = NULL
    WHERE processed = false AND sent_at IS NULL AND (dead_at IS NOT NULL OR next_retry_at = 'infinity')
      AND ($1::uuid[] IS NULL OR id = ANY($1))
"""
_DROP_DEAD = """
    DELETE FROM chat_message_outbox
    WHERE processed = false AND sent_at IS NULL AND dead_at IS NOT NULL AND id = ANY($1::uuid[])
"""


class PostgresOutbox:
    """Keeps the outbox in PostgreSQL. The port says what each method promises; all raise `Unavailable`.

    A sweep finds entries that others have made due in the past. It begins `sweep_every` seconds after the last one, or
    later when there is much to read.
    """

    def __init__(self, engine: AsyncEngine, sweep_every: float = 5.0) -> None:
        self._engine = engine
        self._claims = Claims(engine, sweep_every)

    async def claim(self, lease: timedelta, limit: int) -> Sequence[OutboxEntry]:
        """Claims due entries for the time of `lease`, and passes over those that another instance is claiming."""
        return await self._claims.claim(lease, limit)

    async def mark_processed(self, entry_ids: Collection[OutboxId], *, keep: bool) -> None:
        """Deletes the entries, or marks them with `keep`. Does not wait for the disk."""
        await self._write(_KEEP if keep else _DROP, list(entry_ids))

    async def mark_failed(self, tries: Sequence[FailedTry]) -> None:
        """Stores when each entry is tried next, or that it is dead."""
        columns = (
            [failed.id for failed in tries],
            [failed.retry_count for failed in tries],
            [failed.delay for failed in tries],
            [failed.reason for failed in tries],
        )
        await self._write(_FAIL, *columns)

    async def release(self, entry_ids: Collection[OutboxId]) -> None:
        """Makes claimed entries due now."""
        await self._write(_RELEASE, list(entry_ids))

    async def purge(self, retention: timedelta, limit: int) -> int:
        """Deletes up to `limit` entries that were processed longer ago than `retention`, and returns their number."""
        return await self._write(_PURGE, retention, limit)

    async def status(self) -> OutboxStatus:
        """Counts the entries that are pending and dead."""
        async with driver_connection(self._engine) as connection:
            row = await connection.fetchrow(_STATUS)
            snapshot_age = await connection.fetchval(_SNAPSHOT_AGE)
        assert row is not None, "an aggregate has a row"
        return OutboxStatus(row["pending"], row["dead"], row["oldest"], snapshot_age)

    async def dead(self, limit: int) -> Sequence[DeadEntry]:
        """Reads up to `limit` dead entries, the first that died first."""
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_DEAD, limit)
        return [DeadEntry(entry_of(row), row["dead_at"], row["last_error"] or "") for row in rows]

    async def requeue(self, entry_ids: Collection[OutboxId] | None) -> int:
        """Makes dead entries due now, all of them for None, and returns their number."""
        return await self._write(_REQUEUE, None if entry_ids is None else list(entry_ids))

    async def drop(self, entry_ids: Collection[OutboxId]) -> int:
        """Deletes dead entries, and returns their number."""
        return await self._write(_DROP_DEAD, list(entry_ids))

    async def _write(self, statement: str, *arguments: Any) -> int:
        """Returns how many rows the statement wrote.

        Only when a claim has run out do two instances write the same rows, so that to try again after a deadlock is
        cheaper than to lock all rows in order each time.
        """
        for _ in range(MAX_TRIES):
            with suppress(asyncpg.DeadlockDetectedError):
                async with driver_connection(self._engine) as connection:
                    done: str = await connection.execute(statement, *arguments)
                return int(done.rpartition(" ")[2])  # as in `DELETE 5`
        raise Unavailable("the outbox is being written by too many at once")
