"""Locking the sessions of a batch, with what the next message of each has to follow."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from adapters.postgres.database import LOCK_TIMEOUT
from domain.identifiers import SessionId

# What somebody else has locked is left out: it never holds up the others. Nothing is waited for, so that no circle of
# waiting can be. The last message is not seen when it was committed after the statement began.
_LOCK = """
    SELECT s.id, s.last_seq, clock_timestamp() AS now,
           (SELECT m.sent_at FROM chat_messages m WHERE m.session_id = s.id AND m.seq = s.last_seq) AS last_sent_at
    FROM chat_sessions s WHERE s.id = ANY($1::uuid[]) FOR NO KEY UPDATE SKIP LOCKED
"""
_EXISTING = "SELECT id FROM chat_sessions WHERE id = ANY($1::uuid[])"
_LAST_SENT_AT = """
    SELECT s.id,
           (SELECT m.sent_at FROM chat_messages m WHERE m.session_id = s.id ORDER BY m.seq DESC LIMIT 1) AS sent_at
    FROM unnest($1::uuid[]) s(id)
"""
_WAIT = f"SELECT 1 FROM chat_sessions WHERE id = $1 AND {LOCK_TIMEOUT} FOR NO KEY UPDATE"  # noqa: S608


@dataclass(slots=True)
class LockedSession:
    """`sent_at` is the time of its next messages: the database's, and never less than that of the message before."""

    last_seq: int
    sent_at: datetime


async def wait_for(connection: "asyncpg.Connection[asyncpg.Record]", session_id: SessionId) -> None:
    """Locks the session inside a transaction, before all others. The transaction ends with `Locked` after a moment."""
    await connection.execute(_WAIT, session_id)


async def lock(
    connection: "asyncpg.Connection[asyncpg.Record]", session_ids: Collection[SessionId]
) -> tuple[dict[SessionId, LockedSession], Sequence[SessionId]]:
    """Inside a transaction: what is locked now, and what is busy since somebody else has locked it."""
    rows = await connection.fetch(_LOCK, list(session_ids))
    locked = {row["id"]: LockedSession(row["last_seq"], row["now"]) for row in rows}
    last_sent_at = {row["id"]: row["last_sent_at"] for row in rows if row["last_seq"]}
    unknown = [session_id for session_id, sent_at in last_sent_at.items() if sent_at is None]
    if unknown:
        last_sent_at.update((row["id"], row["sent_at"]) for row in await connection.fetch(_LAST_SENT_AT, unknown))
    for session_id, sent_at in last_sent_at.items():
        if sent_at is not None and sent_at > locked[session_id].sent_at:
            locked[session_id].sent_at = sent_at
    left_out = [session_id for session_id in session_ids if session_id not in locked]
    busy = [row["id"] for row in await connection.fetch(_EXISTING, left_out)] if left_out else []
    return locked, busy
