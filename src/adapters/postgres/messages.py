"""Messages in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.append import append
from adapters.postgres.database import NO_WAIT, driver_connection
from adapters.postgres.delivered_up_to import delivered_up_to
from adapters.postgres.message_columns import COLUMNS, MESSAGES
from adapters.postgres.rows import message_of
from adapters.postgres.seen_marks import SeenMarks
from adapters.postgres.seen_to import SeenTo
from adapters.postgres.undelivered import undelivered
from adapters.postgres.unseen import unseen
from application.ports.messages import AppendOutcome, Envelope, Reached, Sending
from domain.errors import Unavailable
from domain.identifiers import MessageId, ProfileId, SessionId
from domain.message import Draft, Message

_LATEST = f"SELECT {COLUMNS} FROM {MESSAGES} WHERE m.session_id = $1 ORDER BY m.seq DESC LIMIT $2"  # noqa: S608
_BEFORE = f"SELECT {COLUMNS} FROM {MESSAGES} WHERE m.session_id = $1 AND m.seq < $3 ORDER BY m.seq DESC LIMIT $2"  # noqa: S608
_AFTER = f"SELECT {COLUMNS} FROM {MESSAGES} WHERE m.session_id = $1 AND m.seq > $3 ORDER BY m.seq LIMIT $2"  # noqa: S608
_LAST_SEQ = "SELECT last_seq FROM chat_sessions WHERE id = $1"
# A mark that is lost, by a crash or since somebody has locked the message, means one replay more.
_DELIVER = f"""
    WITH mine AS MATERIALIZED (
        SELECT id FROM chat_messages WHERE id = ANY($1::uuid[]) AND NOT delivered
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE chat_messages m SET delivered = true FROM mine WHERE m.id = mine.id AND {NO_WAIT}
    RETURNING m.session_id, m.sender_profile_id, m.seq, false AS was_delivered
"""  # noqa: S608 - made of constants
# Writes marked messages as well: their mark may be one that did not wait for the disk.
_DELIVER_DURABLY = """
    WITH mine AS MATERIALIZED (
        SELECT id, delivered FROM chat_messages WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE chat_messages m SET delivered = true FROM mine WHERE m.id = mine.id
    RETURNING m.session_id, m.sender_profile_id, m.seq, mine.delivered AS was_delivered
"""


class PostgresMessageRepository:
    """`replica` answers what need not be fresh; the primary does when there is none or it is away.

    `patience` is for how many seconds a mark waits for a session that somebody has locked.
    """

    def __init__(self, engine: AsyncEngine, replica: AsyncEngine | None = None, *, patience: float = 5.0) -> None:
        self._engine = engine
        self._replica = replica
        self._seen_to = SeenTo(engine, patience)
        self._seen_marks = SeenMarks(engine)

    async def stop(self) -> None:
        """Ends the marks that are still behind: whoever reads those messages next has them continued."""
        await self._seen_marks.stop()

    async def append(
        self,
        drafts: Sequence[Draft],
        claim: timedelta,
        envelope: Envelope,
        *,
        wait_for: SessionId | None = None,
    ) -> Sequence[AppendOutcome]:
        return await append(self._engine, drafts, claim, envelope, wait_for=wait_for)

    async def latest(self, session_id: SessionId, limit: int) -> Sequence[Message]:
        return (await self._read(_LATEST, session_id, limit))[::-1]

    async def before(self, session_id: SessionId, seq: int, limit: int) -> Sequence[Message]:
        return (await self._read(_BEFORE, session_id, limit, seq))[::-1]

    async def after(self, session_id: SessionId, seq: int, limit: int, *, fresh: bool) -> Sequence[Message]:
        read = self._read_fresh if fresh else self._read
        return await read(_AFTER, session_id, limit, seq)

    async def last_seq(self, session_id: SessionId) -> int:
        async with driver_connection(self._engine) as connection:
            return await connection.fetchval(_LAST_SEQ, session_id) or 0

    async def unseen(self, session_id: SessionId, reader: ProfileId, limit: int, after: int = 0) -> Sequence[Message]:
        return await unseen(self._engine, session_id, reader, limit, after)

    async def mark_seen(self, session_id: SessionId, reader: ProfileId, up_to_seq: int) -> int | None:
        moved = await self._seen_to.move(session_id, reader, up_to_seq)
        if moved is None or moved.up_to <= moved.before:
            return None
        try:
            was_unseen = await self._seen_marks.mark_first(session_id, reader, moved.before, moved.up_to)
        except Unavailable:
            was_unseen = True  # the watermark is stored, and that is the truth
            self._seen_marks.follow(session_id, reader, moved.before + 1)
        return moved.up_to if was_unseen else None

    async def mark_delivered(self, message_ids: Collection[MessageId], *, durable: bool = False) -> Sequence[Reached]:
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_DELIVER_DURABLY if durable else _DELIVER, list(message_ids))
        return [
            Reached(Sending(session_id, sender_id), seq)
            for session_id, sender_id, seq, was_delivered in rows
            if not was_delivered
        ]

    async def delivered_up_to(self, known: Mapping[Sending, int]) -> Mapping[Sending, int]:
        return await delivered_up_to(self._engine, known)

    async def undelivered(
        self, receivers: Collection[ProfileId], after: tuple[SessionId, int] | None, limit: int
    ) -> Sequence[Message]:
        return await undelivered(self._engine, receivers, after, limit)

    async def _read(self, query: str, session_id: SessionId, *arguments: Any) -> list[Message]:
        if self._replica is None:
            return await self._read_fresh(query, session_id, *arguments)
        try:
            return await self._fetch(self._replica, query, session_id, *arguments)
        except Unavailable:
            return await self._read_fresh(query, session_id, *arguments)

    async def _read_fresh(self, query: str, session_id: SessionId, *arguments: Any) -> list[Message]:
        return await self._fetch(self._engine, query, session_id, *arguments)

    async def _fetch(self, engine: AsyncEngine, query: str, session_id: SessionId, *arguments: Any) -> list[Message]:
        async with driver_connection(engine) as connection:
            rows = await connection.fetch(query, session_id, *arguments)
        for reader in {row["unmarked_reader"] for row in rows} - {None}:
            first = min(row["seq"] for row in rows if row["unmarked_reader"] == reader)
            self._seen_marks.follow(session_id, reader, first)
        return [message_of(row) for row in rows]
