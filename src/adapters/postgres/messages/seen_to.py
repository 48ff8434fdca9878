"""Moves the watermark of what a reader has seen, in one short transaction for any number of messages."""

import asyncio
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.buckets import bucket_of
from adapters.postgres.connection.database import LOCK_TIMEOUT, Locked, driver_connection
from adapters.postgres.sides import chosen, set_chosen
from adapters.postgres.unread_columns import KEEP_OR_FORGET, READ_TO
from application.ports.messages import Seen
from domain.errors import Unavailable
from domain.identifiers import ProfileId, SessionId
from domain.showing import Hidden

MAX_WAITING = 2
"""The most connections that wait for locked sessions at once. The others serve everybody else."""


# As `domain.rules.receipts.seen` has it.
def _move(if_locked: str) -> str:
    return f"""
        WITH locked AS MATERIALIZED (
            SELECT id, is_sender, seen_to, coalesce(shown, seen_to) AS shown, up_to, hides OR is_blocked AS hides,
                   is_blocked, read_to, last_seq
            FROM (
                SELECT id, last_seq, sender_profile_id = $2 AS is_sender, least($3, last_seq) AS up_to,
                       {chosen("sender_profile_id = $2", READ_TO)} AS read_to,
                       {chosen("sender_profile_id = $2", "{side}_seen_to")} AS seen_to,
                       {chosen("sender_profile_id = $2", "{side}_seen_shown")} AS shown,
                       sender_blocked_at IS NOT NULL OR receiver_blocked_at IS NOT NULL AS is_blocked,
                       (sender_hides | receiver_hides) & {Hidden.SEEN:d} <> 0 AS hides
                FROM chat_sessions s
                WHERE bucket = $4 AND id = $1 AND $2 IN (sender_profile_id, receiver_profile_id) AND {if_locked}
            ) side
        ), marks AS MATERIALIZED (
            SELECT *, greatest(seen_to, up_to) AS new_seen_to, greatest(read_to, up_to) AS new_read_to,
                   CASE WHEN up_to >= last_seq THEN 0 END AS new_unread,
                   CASE WHEN hides THEN shown ELSE greatest(shown, up_to) END AS new_shown
            FROM locked
        ), moved AS (
            UPDATE chat_sessions s SET
                changed = CASE WHEN is_blocked THEN s.changed
                               ELSE greatest(s.changed, pg_current_xact_id()::text::bigint) END,
                {set_chosen("m.is_sender", "{side}_seen_to", "new_seen_to")},
                {set_chosen("m.is_sender", "{side}_seen_shown", "nullif(new_shown, new_seen_to)")},
                unread_seq = s.last_seq,
                {set_chosen("m.is_sender", "{side}_unread", "new_unread", otherwise=KEEP_OR_FORGET)},
                {set_chosen("m.is_sender", "{side}_read_to", "new_read_to")},
                {set_chosen("m.is_sender", "{side}_unread_seen", "new_seen_to")}
            FROM marks m WHERE s.bucket = $4 AND s.id = m.id
              AND (new_seen_to > m.seen_to OR new_shown > m.shown OR new_read_to > m.read_to)
        ), noted AS (
            -- where somebody is blocked, the other side learns nothing from a number either
            INSERT INTO chat_conversations (profile_id, session_id, changed)
            SELECT $2, id, pg_current_xact_id()::text::bigint FROM marks
            WHERE is_blocked AND (new_seen_to > seen_to OR new_read_to > read_to)
            ON CONFLICT (profile_id, session_id) DO UPDATE SET changed = excluded.changed
        )
        SELECT seen_to AS before, up_to, shown AS shown_before, new_shown AS shown,
               new_read_to > read_to AND read_to < seen_to AS has_read,
               new_unread IS NULL AND (new_seen_to > seen_to OR new_shown > shown OR new_read_to > read_to)
                   AS is_to_count
        FROM marks
    """  # noqa: S608 - made of constants


_MOVE_IF_FREE = _move("true FOR NO KEY UPDATE SKIP LOCKED")
_MOVE = _move(f"{LOCK_TIMEOUT} FOR NO KEY UPDATE")


class Moved(NamedTuple):
    """The watermark before, and the `seq` asked for, which is at most the session's last one.

    `shown_before` and `shown` are the watermarks that the other side is shown. `has_read` says that what was
    marked as unread has been read, `is_to_count` that the unread messages are to be counted.
    """

    before: int
    up_to: int
    shown_before: int
    shown: int
    has_read: bool
    is_to_count: bool

    def result(self, *, was_unseen: bool) -> Seen:
        """What is new. `was_unseen` says whether one of the messages between the watermarks had not been seen."""
        is_new = self.shown > self.shown_before and (was_unseen or self.shown_before < self.before)
        return Seen(self.up_to if was_unseen else None, self.shown if is_new else None, has_read=self.has_read)


class SeenTo:
    """Moves watermarks. At most `MAX_WAITING` connections wait for locked sessions, for about `patience` seconds.

    Calls take turns to wait. None is interrupted while the database works on it, so that its outcome is certain.
    """

    def __init__(self, engine: AsyncEngine, patience: float) -> None:
        self._engine = engine
        self._patience = patience
        self._may_wait = asyncio.Semaphore(MAX_WAITING)

    async def move(self, session_id: SessionId, reader: ProfileId, up_to_seq: int) -> Moved | None:
        """Moves the watermark of `reader` up to `up_to_seq`. Durable on return.

        Returns None when the reader has no such session. Raises `Unavailable`.
        """
        moved = await self._try(_MOVE_IF_FREE, session_id, reader, up_to_seq)
        if moved is not None:
            return moved
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        while True:
            async with self._may_wait:
                if loop.time() > deadline:
                    raise Unavailable("the session is busy")
                with suppress(Locked):
                    return await self._try(_MOVE, session_id, reader, up_to_seq)

    async def _try(self, statement: str, session_id: SessionId, reader: ProfileId, up_to_seq: int) -> Moved | None:
        async with driver_connection(self._engine) as connection:
            row = await connection.fetchrow(statement, session_id, reader, up_to_seq, bucket_of(session_id))
        return None if row is None else Moved(**row)
