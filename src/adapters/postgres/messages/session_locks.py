"""Locks the sessions of a batch, and reads what the next message of each follows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from adapters.postgres.buckets import bucket_of, with_buckets
from adapters.postgres.connection.database import LOCK_TIMEOUT
from adapters.postgres.rows import STANDING, standing_of
from domain.identifiers import SessionId
from domain.standing import OPEN, Standing

# What somebody else has locked is left out: it never holds up the others. Nothing is waited for, so that no circle of
# waiting can be. The last message is not seen when it was committed after the statement began.
_LOCK = f"""
    SELECT s.id, s.last_seq, {STANDING}, clock_timestamp() AS now,
           greatest(s.changed, pg_current_xact_id()::text::bigint) AS changed,
           (SELECT m.sent_at FROM chat_messages m WHERE m.bucket = s.bucket AND m.session_id = s.id
            AND m.seq = s.last_seq) AS last_sent_at
    FROM chat_sessions s WHERE s.bucket = ANY($2::smallint[]) AND s.id = ANY($1::uuid[]) FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608 - made of constants
_EXISTING = "SELECT id FROM chat_sessions WHERE bucket = ANY($2::smallint[]) AND id = ANY($1::uuid[])"
_LAST_SENT_AT = """
    SELECT s.id,
           (SELECT m.sent_at FROM chat_messages m
            WHERE m.bucket = s.bucket AND m.session_id = s.id ORDER BY m.seq DESC LIMIT 1) AS sent_at
    FROM unnest($1::uuid[], $2::smallint[]) s(id, bucket)
"""
_WAIT = f"SELECT 1 FROM chat_sessions WHERE bucket = $2 AND id = $1 AND {LOCK_TIMEOUT} FOR NO KEY UPDATE"  # noqa: S608


@dataclass(slots=True)
class LockedSession:
    """A session that this transaction has locked.

    `sent_at` is the time of its next messages. It is the database's time, and never before the previous message.
    `changed` is the number of the change that this transaction makes. What the two have decided about the session
    stays so until the transaction ends.
    """

    last_seq: int
    sent_at: datetime
    changed: int
    standing: Standing = OPEN


async def wait_for(connection: "asyncpg.Connection[asyncpg.Record]", session_id: SessionId) -> None:
    """Locks the session inside a transaction, before all others. Raises `Locked` after 100 ms in vain."""
    await connection.execute(_WAIT, session_id, bucket_of(session_id))


async def lock(
    connection: "asyncpg.Connection[asyncpg.Record]", session_ids: Collection[SessionId]
) -> tuple[dict[SessionId, LockedSession], Sequence[SessionId]]:
    """Locks sessions inside a transaction, without waiting.

    Returns the sessions that are locked now, and the ids of those that another transaction has locked.
    """
    rows = await connection.fetch(_LOCK, *with_buckets(session_ids))
    locked = {row["id"]: _locked(row) for row in rows}
    last_sent_at = {row["id"]: row["last_sent_at"] for row in rows if row["last_seq"]}
    unknown = [session_id for session_id, sent_at in last_sent_at.items() if sent_at is None]
    if unknown:
        last_sent_at.update(
            (row["id"], row["sent_at"]) for row in await connection.fetch(_LAST_SENT_AT, *with_buckets(unknown))
        )
    for session_id, sent_at in last_sent_at.items():
        if sent_at is not None and sent_at > locked[session_id].sent_at:
            locked[session_id].sent_at = sent_at
    left_out = [session_id for session_id in session_ids if session_id not in locked]
    busy = [row["id"] for row in await connection.fetch(_EXISTING, *with_buckets(left_out))] if left_out else []
    return locked, busy


def _locked(row: asyncpg.Record) -> LockedSession:
    return LockedSession(row["last_seq"], row["now"], row["changed"], standing_of(row))
