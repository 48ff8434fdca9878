"""Messages in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.append import LostRace, append_once
from adapters.postgres.database import driver_transaction
from adapters.postgres.rows import message_of
from application.ports.messages import AppendOutcome, Envelope, Repeated, Stored
from domain.errors import IdempotencyConflict, SessionNotFound, Unavailable
from domain.identifiers import ClientMessageId, MessageId, ProfileId, SessionId
from domain.message import Draft, Message

MAX_TRIES = 5

_LATEST = "SELECT * FROM chat_messages WHERE session_id = $1 ORDER BY seq DESC LIMIT $2"
_BEFORE = "SELECT * FROM chat_messages WHERE session_id = $1 AND seq < $3 ORDER BY seq DESC LIMIT $2"
_AFTER = "SELECT * FROM chat_messages WHERE session_id = $1 AND seq > $3 ORDER BY seq LIMIT $2"
_SEEN_TO = "CASE WHEN s.sender_profile_id = $2 THEN s.sender_seen_to ELSE s.receiver_seen_to END"
_UNSEEN = f"""
    SELECT m.* FROM chat_sessions s JOIN chat_messages m ON m.session_id = s.id AND m.seq > {_SEEN_TO}
    WHERE s.id = $1 AND m.sender_profile_id <> $2 ORDER BY m.seq LIMIT $3
"""  # noqa: S608 - made of constants
_SEE_MESSAGES = f"""
    UPDATE chat_messages m SET seen = true, delivered = true FROM chat_sessions s
    WHERE s.id = $1 AND m.session_id = s.id AND m.seq > {_SEEN_TO} AND m.seq <= $3 AND m.sender_profile_id <> $2
"""  # noqa: S608 - made of constants
_SEE_SESSION = """
    UPDATE chat_sessions SET
        sender_seen_to = CASE WHEN sender_profile_id = $2
            THEN greatest(sender_seen_to, least($3, last_seq)) ELSE sender_seen_to END,
        receiver_seen_to = CASE WHEN receiver_profile_id = $2
            THEN greatest(receiver_seen_to, least($3, last_seq)) ELSE receiver_seen_to END
    WHERE id = $1
"""
_DELIVER = "UPDATE chat_messages SET delivered = true WHERE id = ANY($1::uuid[]) AND NOT delivered"
_UNDELIVERED = """
    SELECT m.* FROM chat_sessions s JOIN chat_messages m ON m.session_id = s.id
    WHERE (s.sender_profile_id = ANY($1::uuid[]) OR s.receiver_profile_id = ANY($1::uuid[]))
      AND m.sender_profile_id <> ALL($1::uuid[]) AND NOT m.delivered
      AND ($2::uuid IS NULL OR (m.session_id, m.seq) > ($2, $3::bigint))
    ORDER BY m.session_id, m.seq LIMIT $4
"""


class PostgresMessageRepository:
    """`replica` answers what need not be fresh; the primary does when there is none or it is away."""

    def __init__(self, engine: AsyncEngine, replica: AsyncEngine | None = None) -> None:
        self._engine = engine
        self._replica = replica

    async def append(
        self, drafts: Sequence[Draft], sent_at: datetime, claimed_until: datetime, envelope: Envelope
    ) -> Sequence[AppendOutcome]:
        if not drafts:
            return []
        unique = list({draft.client_message_id: draft for draft in reversed(drafts)}.values())[::-1]
        for attempt in range(MAX_TRIES):
            try:
                # repeats are rare: they are looked for only when one was in the way
                async with driver_transaction(self._engine) as connection:
                    stored, known = await append_once(
                        connection, unique, sent_at, claimed_until, envelope, look_first=attempt > 0
                    )
            except (LostRace, asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                continue
            return _outcomes(drafts, stored, known)
        raise Unavailable("the same messages are being sent too often at once")

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

    async def mark_delivered(self, message_ids: Collection[MessageId]) -> None:
        async with driver_transaction(self._engine) as connection:
            # a lost mark means one replay more, so that it need not wait for the disk
            await connection.execute("SET LOCAL synchronous_commit = off")
            await connection.execute(_DELIVER, sorted(message_ids))

    async def undelivered(
        self, receivers: Collection[ProfileId], after: tuple[SessionId, int] | None, limit: int
    ) -> Sequence[Message]:
        session_id, seq = after or (None, None)
        return await self._read_fresh(_UNDELIVERED, list(receivers), session_id, seq, limit)

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
    async with driver_transaction(engine) as connection:
        return [message_of(row) for row in await connection.fetch(query, *arguments)]


def _outcomes(
    drafts: Sequence[Draft],
    stored: Mapping[ClientMessageId, Stored],
    known: Mapping[ClientMessageId, Message],
) -> Sequence[AppendOutcome]:
    """What became of each: the first of equal drafts was stored, the others repeat it."""
    new: dict[ClientMessageId, AppendOutcome] = dict(stored)
    messages = {client_id: one.message for client_id, one in stored.items()} | dict(known)
    return [
        new.pop(draft.client_message_id)
        if draft.client_message_id in new
        else _repeat(draft, messages.get(draft.client_message_id))
        for draft in drafts
    ]


def _repeat(draft: Draft, first: Message | None) -> AppendOutcome:
    if first is None:
        return SessionNotFound()
    return Repeated(first) if first.is_repeated_by(draft) else IdempotencyConflict()
