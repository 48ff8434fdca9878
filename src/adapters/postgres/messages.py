"""Messages in PostgreSQL."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.append import append
from adapters.postgres.database import NO_WAIT, driver_connection, driver_transaction
from adapters.postgres.rows import message_of
from adapters.postgres.undelivered import undelivered
from application.ports.messages import AppendOutcome, Envelope
from domain.errors import Unavailable
from domain.identifiers import MessageId, ProfileId, SessionId
from domain.message import Draft, Message

_LATEST = "SELECT * FROM chat_messages WHERE session_id = $1 ORDER BY seq DESC LIMIT $2"
_BEFORE = "SELECT * FROM chat_messages WHERE session_id = $1 AND seq < $3 ORDER BY seq DESC LIMIT $2"
_AFTER = "SELECT * FROM chat_messages WHERE session_id = $1 AND seq > $3 ORDER BY seq LIMIT $2"
_SEEN_TO = "CASE WHEN s.sender_profile_id = $2 THEN s.sender_seen_to ELSE s.receiver_seen_to END"
_UNSEEN = f"""
    SELECT m.* FROM chat_sessions s JOIN chat_messages m ON m.session_id = s.id AND m.seq > {_SEEN_TO}
    WHERE s.id = $1 AND m.sender_profile_id <> $2 ORDER BY m.seq LIMIT $3
"""  # noqa: S608 - made of constants
# Marks lock their messages in the order of ids, whatever the plan, so that they never wait for each other in a circle.
_SEE_MESSAGES = f"""
    WITH mine AS MATERIALIZED (
        SELECT m.id FROM chat_sessions s JOIN chat_messages m ON m.session_id = s.id AND m.seq > {_SEEN_TO}
        WHERE s.id = $1 AND m.seq <= $3 AND m.sender_profile_id <> $2 ORDER BY m.id FOR NO KEY UPDATE OF m
    )
    UPDATE chat_messages m SET seen = true, delivered = true FROM mine WHERE m.id = mine.id
"""  # noqa: S608 - made of constants
_SEE_SESSION = """
    UPDATE chat_sessions SET
        sender_seen_to = CASE WHEN sender_profile_id = $2
            THEN greatest(sender_seen_to, least($3, last_seq)) ELSE sender_seen_to END,
        receiver_seen_to = CASE WHEN receiver_profile_id = $2
            THEN greatest(receiver_seen_to, least($3, last_seq)) ELSE receiver_seen_to END
    WHERE id = $1
"""
# A mark that a crash loses means one replay more.
_DELIVER = f"""
    WITH mine AS MATERIALIZED (
        SELECT id FROM chat_messages WHERE id = ANY($1::uuid[]) AND NOT delivered ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE chat_messages m SET delivered = true FROM mine WHERE m.id = mine.id AND {NO_WAIT}
"""  # noqa: S608 - made of constants
# Writes marked messages as well: their mark may be one that did not wait for the disk.
_DELIVER_DURABLY = """
    WITH mine AS MATERIALIZED (
        SELECT id FROM chat_messages WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE chat_messages m SET delivered = true FROM mine WHERE m.id = mine.id
"""


class PostgresMessageRepository:
    """`replica` answers what need not be fresh; the primary does when there is none or it is away."""

    def __init__(self, engine: AsyncEngine, replica: AsyncEngine | None = None) -> None:
        self._engine = engine
        self._replica = replica

    async def append(
        self, drafts: Sequence[Draft], sent_at: datetime, claimed_until: datetime, envelope: Envelope
    ) -> Sequence[AppendOutcome]:
        return await append(self._engine, drafts, sent_at, claimed_until, envelope)

    async def latest(self, session_id: SessionId, limit: int) -> Sequence[Message]:
        return (await self._read(_LATEST, session_id, limit))[::-1]

    async def before(self, session_id: SessionId, seq: int, limit: int) -> Sequence[Message]:
        return (await self._read(_BEFORE, session_id, limit, seq))[::-1]

    async def after(self, session_id: SessionId, seq: int, limit: int, *, fresh: bool) -> Sequence[Message]:
        read = self._read_fresh if fresh else self._read
        return await read(_AFTER, session_id, limit, seq)

    async def unseen(self, session_id: SessionId, reader: ProfileId, limit: int) -> Sequence[Message]:
        return await self._read_fresh(_UNSEEN, session_id, reader, limit)

    async def mark_seen(self, session_id: SessionId, reader: ProfileId, up_to_seq: int) -> int:
        async with driver_transaction(self._engine) as connection:
            # the session first, as everywhere, and it keeps two markers of one session apart
            await connection.execute("SELECT 1 FROM chat_sessions WHERE id = $1 FOR NO KEY UPDATE", session_id)
            done = await connection.execute(_SEE_MESSAGES, session_id, reader, up_to_seq)
            await connection.execute(_SEE_SESSION, session_id, reader, up_to_seq)
        return int(done.rpartition(" ")[2])

    async def mark_delivered(self, message_ids: Collection[MessageId], *, durable: bool = False) -> None:
        async with driver_connection(self._engine) as connection:
            await connection.execute(_DELIVER_DURABLY if durable else _DELIVER, list(message_ids))

    async def undelivered(
        self, receivers: Collection[ProfileId], after: tuple[SessionId, int] | None, limit: int
    ) -> Sequence[Message]:
        return await undelivered(self._engine, receivers, after, limit)

    async def _read(self, query: str, *arguments: Any) -> list[Message]:
        if self._replica is None:
            return await self._read_fresh(query, *arguments)
        try:
            return await _fetch(self._replica, query, arguments)
        except Unavailable:
            return await self._read_fresh(query, *arguments)

    async def _read_fresh(self, query: str, *arguments: Any) -> list[Message]:
        return await _fetch(self._engine, query, arguments)


async def _fetch(engine: AsyncEngine, query: str, arguments: Sequence[Any]) -> list[Message]:
    async with driver_connection(engine) as connection:
        return [message_of(row) for row in await connection.fetch(query, *arguments)]
