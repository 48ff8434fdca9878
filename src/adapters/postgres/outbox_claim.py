"""Claiming what is due, without reading what is dead.

Every entry dies once, soon after it was due, and stays in the index until a vacuum may take it: for hours, when
somebody holds a transaction open. A claim that took all that was due knows that nothing before it is left. The next one
begins there, less a margin for transactions that commit late. Now and then one begins at the beginning even so.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.database import driver_connection
from adapters.postgres.rows import entry_of
from domain.outbox import OutboxEntry

MARGIN = timedelta(seconds=10)
FULL_CLAIM_COST = 0.01
"""The part of the time that claims from the beginning may take."""

ENTRY_COLUMNS = "o.id, o.destination, o.payload::text AS payload, o.created_at, o.retry_count"

_CLAIM = f"""
    UPDATE chat_message_outbox o SET next_retry_at = $1::timestamptz + $2::interval
    FROM (SELECT id FROM chat_message_outbox
          WHERE processed = false AND sent_at IS NULL
            AND next_retry_at <= $1 AND next_retry_at > coalesce($4::timestamptz, '-infinity')
          ORDER BY next_retry_at LIMIT $3 FOR UPDATE SKIP LOCKED) due
    WHERE o.id = due.id RETURNING {ENTRY_COLUMNS}
"""  # noqa: S608 - made of constants


class Claims:
    """A claim from the beginning is made every `full_every` seconds at most, and less often when it takes long.

    With 0 every claim is one.
    """

    def __init__(self, engine: AsyncEngine, full_every: float) -> None:
        self._engine = engine
        self._full_every = full_every
        self._next_full = 0.0
        self._nothing_before: datetime | None = None

    async def claim(self, lease: timedelta, limit: int) -> Sequence[OutboxEntry]:
        """As `Outbox.claim`. Raises `Unavailable`."""
        began = monotonic()
        full = self._nothing_before is None or began >= self._next_full
        async with driver_connection(self._engine) as connection:
            now: datetime = await connection.fetchval("SELECT now()")
            rows = await connection.fetch(_CLAIM, now, lease, limit, None if full else self._nothing_before)
        if full:
            took = monotonic() - began
            self._next_full = began + (self._full_every and max(self._full_every, took / FULL_CLAIM_COST))
        self._note(rows, now, limit)
        return [entry_of(row) for row in rows]

    def _note(self, rows: "Sequence[asyncpg.Record]", now: datetime, limit: int) -> None:
        if len(rows) < limit:
            self._nothing_before = now - MARGIN
