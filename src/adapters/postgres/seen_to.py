"""Moving the watermark of what a reader has seen: one short transaction, whatever the number of messages."""

import asyncio
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.database import LOCK_TIMEOUT, Locked, driver_connection
from domain.errors import Unavailable
from domain.identifiers import ProfileId, SessionId

MAX_WAITING = 2
"""Connections that may wait for locked sessions at once: the others are for everybody else."""


def _move(if_locked: str) -> str:
    return f"""
        WITH locked AS MATERIALIZED (
            SELECT id, sender_profile_id = $2 AS is_sender, least($3, last_seq) AS up_to,
                   CASE WHEN sender_profile_id = $2 THEN sender_seen_to ELSE receiver_seen_to END AS seen_to
            FROM chat_sessions WHERE id = $1 AND $2 IN (sender_profile_id, receiver_profile_id) AND {if_locked}
        ), moved AS (
            UPDATE chat_sessions s SET
                sender_seen_to = CASE WHEN l.is_sender THEN l.up_to ELSE s.sender_seen_to END,
                receiver_seen_to = CASE WHEN l.is_sender THEN s.receiver_seen_to ELSE l.up_to END
            FROM locked l WHERE s.id = l.id AND l.up_to > l.seen_to
        )
        SELECT seen_to, up_to FROM locked
    """  # noqa: S608 - made of constants


_MOVE_IF_FREE = _move("true FOR NO KEY UPDATE SKIP LOCKED")
_MOVE = _move(f"{LOCK_TIMEOUT} FOR NO KEY UPDATE")


class Moved(NamedTuple):
    """The watermark as it was, and as it was asked to be; no more than the session's last `seq`."""

    before: int
    up_to: int


class SeenTo:
    """A locked session is waited for by at most `MAX_WAITING` connections, and for about `patience` seconds.

    Calls take turns at it; none is interrupted while the database works on it, so that no outcome is in doubt.
    """

    def __init__(self, engine: AsyncEngine, patience: float) -> None:
        self._engine = engine
        self._patience = patience
        self._may_wait = asyncio.Semaphore(MAX_WAITING)

    async def move(self, session_id: SessionId, reader: ProfileId, up_to_seq: int) -> Moved | None:
        """Durable on return. None when there is no such session of the reader. Raises `Unavailable`."""
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
            row = await connection.fetchrow(statement, session_id, reader, up_to_seq)
        return None if row is None else Moved(row["seen_to"], row["up_to"])
