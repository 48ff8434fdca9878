"""The `seen` marks of the messages, which follow the watermark in slices (see `message_columns`).

Slices go upwards, so that what a crash leaves unmarked is one run of messages that ends at the watermark. Whoever
reads some of it has the rest marked as well.
"""

import asyncio
import logging
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.buckets import bucket_of
from adapters.postgres.connection.database import NO_WAIT, driver_connection
from adapters.postgres.sides import chosen
from domain.errors import Unavailable
from domain.identifiers import ProfileId, SessionId

log = logging.getLogger(__name__)

FIRST_SLICE = 100
SLICE = 1_000
MIN_PAUSE = 0.005
MAX_LOCKED = 10
MAX_BEHIND = 10_000
"""The most readers whose marks may be behind at once. Marks of others wait until somebody reads the messages."""

# Messages are locked in the order of ids, as by all marks, so that marks never wait for each other in a circle.
_MARK = f"""
    WITH slice AS MATERIALIZED (
        SELECT id, seq FROM chat_messages
        WHERE bucket = $6 AND session_id = $1 AND seq > $3 AND seq <= $4
          AND sender_profile_id <> $2 AND NOT (seen AND delivered)
        ORDER BY seq LIMIT $5
    ), free AS MATERIALIZED (
        SELECT id FROM chat_messages WHERE bucket = $6 AND id IN (SELECT id FROM slice)
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ), marked AS (
        UPDATE chat_messages m SET seen = true, delivered = true FROM free
        WHERE m.bucket = $6 AND m.id = free.id AND {NO_WAIT}
        RETURNING m.id
    )
    SELECT count(*) AS found, max(seq) AS last, (SELECT count(*) FROM marked) AS marked FROM slice
"""  # noqa: S608 - made of constants
_SEEN_TO = f"""
    SELECT {chosen("sender_profile_id = $2", "{side}_seen_to")}
    FROM chat_sessions WHERE bucket = $3 AND id = $1 AND $2 IN (sender_profile_id, receiver_profile_id)
"""  # noqa: S608 - made of constants
_UNMARKED_BELOW = """
    SELECT min(seq) FILTER (WHERE NOT seen) AS first, bool_and(NOT seen) AND count(*) = $4 AS goes_on
    FROM (SELECT seq, seen FROM chat_messages
          WHERE bucket = $5 AND session_id = $1 AND sender_profile_id <> $2 AND seq < $3
          ORDER BY seq DESC LIMIT $4) page
"""


class _Side(NamedTuple):
    session_id: SessionId
    reader: ProfileId


class _Slice(NamedTuple):
    """The number of messages found unmarked, the number marked now, and the last `seq` of those found."""

    found: int
    marked: int
    last: int | None


class SeenMarks:
    """Marks the messages below the watermarks, one reader after the other."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._behind: dict[_Side, int] = {}
        self._task: asyncio.Task[None] | None = None

    async def mark_first(self, session_id: SessionId, reader: ProfileId, after: int, up_to: int) -> bool:
        """Marks the first 100 messages with a `seq` above `after` and at most `up_to`, and the others later.

        Returns whether one of them had not been seen. Raises `Unavailable`.
        """
        side = _Side(session_id, reader)
        marks = await self._mark(side, after, up_to, FIRST_SLICE)
        if marks.found == FIRST_SLICE or marks.marked < marks.found:
            self.follow(session_id, reader, after + 1)
        return marks.found > 0

    def follow(self, session_id: SessionId, reader: ProfileId, seq: int) -> None:
        """Marks in the background what is not marked around `seq` and above it, up to the watermark."""
        side = _Side(session_id, reader)
        if side in self._behind or len(self._behind) < MAX_BEHIND:
            self._behind[side] = min(seq, self._behind.get(side, seq))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="seen marks")

    async def stop(self) -> None:
        """Stops marking. What is not marked waits until somebody reads it."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self) -> None:
        while self._behind:
            side, seq = next(iter(self._behind.items()))
            try:
                await self._mark_all(side, seq)
            except Unavailable:
                await asyncio.sleep(1)
                continue
            except Exception:
                log.exception("the marks of a session do not follow what was seen")
            if self._behind[side] >= seq:
                del self._behind[side]
        self._task = None

    async def _mark_all(self, side: _Side, seq: int) -> None:
        after = await self._first_unmarked(side, seq) - 1
        up_to = await self._fetchval(_SEEN_TO, side.session_id, side.reader, bucket_of(side.session_id))
        loop, patience = asyncio.get_running_loop(), MAX_LOCKED
        while up_to is not None and patience:
            began = loop.time()
            marks = await self._mark(side, after, up_to, SLICE)
            if marks.marked < marks.found:
                patience -= 1  # some are locked: they are tried again
            elif marks.last is None:
                return
            else:
                after = marks.last
            await asyncio.sleep(max(MIN_PAUSE, loop.time() - began))

    async def _first_unmarked(self, side: _Side, seq: int) -> int:
        while True:
            async with driver_connection(self._engine) as connection:
                page = await connection.fetchrow(
                    _UNMARKED_BELOW, side.session_id, side.reader, seq, SLICE, bucket_of(side.session_id)
                )
            assert page is not None, "an aggregate has a row"
            if page["first"] is None:
                return seq
            seq = page["first"]
            if not page["goes_on"]:
                return seq

    async def _mark(self, side: _Side, after: int, up_to: int, limit: int) -> _Slice:
        async with driver_connection(self._engine) as connection:
            row = await connection.fetchrow(
                _MARK, side.session_id, side.reader, after, up_to, limit, bucket_of(side.session_id)
            )
        assert row is not None, "an aggregate has a row"
        return _Slice(row["found"], row["marked"], row["last"])

    async def _fetchval(self, query: str, *arguments: object) -> int | None:
        async with driver_connection(self._engine) as connection:
            value: int | None = await connection.fetchval(query, *arguments)
        return value
