"""Claims due entries without reading dead rows.

Every entry dies once, soon after it was due, and stays in the index until a vacuum may take it: for hours, when
somebody holds a transaction open. A claim that took all that was due knows that nothing before it is left. The next one
begins there, less a margin for transactions that commit late. What others made due in the past is found by a sweep,
which goes back in time in windows that are short where there are many dead.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import driver_connection
from adapters.postgres.outbox.sweep import Sweep
from adapters.postgres.rows import entry_of
from domain.outbox import OutboxEntry

MARGIN = timedelta(seconds=10)


def bounded_time(column: str) -> str:
    """SQL for a time that Python can hold and compute with: rows that others have written may have any, or infinity."""
    return f"least(greatest({column}, '1000-01-01+00'), '9000-01-01+00')"


ENTRY_COLUMNS = (
    f"o.id, o.destination, o.payload::text AS payload, {bounded_time('o.created_at')} AS created_at, o.retry_count"
)

_CLAIM = f"""
    UPDATE chat_message_outbox o SET next_retry_at = $1::timestamptz + $2::interval
    FROM (SELECT id FROM chat_message_outbox
          WHERE processed = false AND sent_at IS NULL
            AND next_retry_at >= coalesce($4::timestamptz, '-infinity') AND next_retry_at <= $5
          ORDER BY next_retry_at LIMIT $3 FOR UPDATE SKIP LOCKED) due
    WHERE o.id = due.id RETURNING {ENTRY_COLUMNS}
"""  # noqa: S608 - made of constants


class Claims:
    """The claims of one instance.

    A sweep begins `sweep_every` seconds after the last one at the earliest. With 0 every claim makes a whole sweep.
    """

    def __init__(self, engine: AsyncEngine, sweep_every: float) -> None:
        self._engine = engine
        self._sweep = Sweep(sweep_every)
        self._nothing_before: datetime | None = None

    async def claim(self, lease: timedelta, limit: int) -> Sequence[OutboxEntry]:
        """Claims up to `limit` due entries for the time of `lease`. Raises `Unavailable`."""
        async with driver_connection(self._engine) as connection:
            now: datetime = await connection.fetchval("SELECT now()")
            since = self._nothing_before or now - MARGIN
            claim = _Claim(connection, now, lease)
            rows = await claim.rows(limit, since, now)
            if len(rows) < limit:
                self._nothing_before = now - MARGIN
                rows += await self._older(claim, limit - len(rows), since)
        return [entry_of(row) for row in rows]

    async def _older(self, claim: "_Claim", limit: int, before: datetime) -> "list[asyncpg.Record]":
        found: list[asyncpg.Record] = []
        for window in self._sweep.windows(before):
            found += await claim.rows(limit - len(found), window.after, window.up_to)
            if len(found) == limit:
                break
        return found


class _Claim:
    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", now: datetime, lease: timedelta) -> None:
        self._connection = connection
        self._now = now
        self._lease = lease

    async def rows(self, limit: int, after: datetime | None, up_to: datetime) -> "list[asyncpg.Record]":
        rows: list[asyncpg.Record] = await self._connection.fetch(_CLAIM, self._now, self._lease, limit, after, up_to)
        return rows
