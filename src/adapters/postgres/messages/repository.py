"""Messages in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.buckets import bucket_of
from adapters.postgres.connection.database import NO_WAIT, driver_connection
from adapters.postgres.count_unread import count_unread
from adapters.postgres.message_columns import COLUMNS, MESSAGES
from adapters.postgres.messages.append import append
from adapters.postgres.messages.delivered_up_to import delivered_up_to
from adapters.postgres.messages.seen_marks import SeenMarks
from adapters.postgres.messages.seen_to import SeenTo
from adapters.postgres.messages.undelivered import undelivered
from adapters.postgres.messages.unseen import unseen
from adapters.postgres.rows import message_of
from application.ports.messages import AppendOutcome, Envelope, Marks, MessageRef, Reached, Seen, Sending
from domain.errors import Unavailable
from domain.identifiers import MessageId, ProfileId, SessionId
from domain.message import Draft, Message
from domain.rules.repeats import UNKEYED, SentDigests

_SESSION = "m.bucket = $3 AND m.session_id = $1"
_LATEST = f"SELECT {COLUMNS} FROM {MESSAGES} WHERE {_SESSION} ORDER BY m.seq DESC LIMIT $2"  # noqa: S608
_BEFORE = f"SELECT {COLUMNS} FROM {MESSAGES} WHERE {_SESSION} AND m.seq < $4 ORDER BY m.seq DESC LIMIT $2"  # noqa: S608
_AFTER = f"SELECT {COLUMNS} FROM {MESSAGES} WHERE {_SESSION} AND m.seq > $4 ORDER BY m.seq LIMIT $2"  # noqa: S608
_CHANGED = f"""
    SELECT {COLUMNS} FROM chat_message_changes c JOIN ({MESSAGES}) ON m.id = c.message_id
    WHERE m.bucket = $4 AND c.session_id = $1 AND c.seq BETWEEN $2 AND $3
"""  # noqa: S608 - made of constants
_LAST_SEQ = "SELECT last_seq FROM chat_sessions WHERE bucket = $2 AND id = $1"
_SEQ_OF = "SELECT seq FROM chat_messages WHERE bucket = $3 AND session_id = $1 AND id = $2"
_THESE = "bucket = ANY($2::smallint[]) AND id = ANY($1::uuid[])"
# A mark that a crash loses means one replay more.
_DELIVER = f"""
    WITH mine AS MATERIALIZED (
        SELECT bucket, id FROM chat_messages WHERE {_THESE} AND NOT delivered
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE chat_messages m SET delivered = true FROM mine
    WHERE m.bucket = mine.bucket AND m.id = mine.id AND {NO_WAIT}
    RETURNING m.id, m.session_id, m.sender_profile_id, m.seq
"""  # noqa: S608 - made of constants
_UNMARKED = f"SELECT session_id, id FROM chat_messages WHERE {_THESE} AND NOT delivered"  # noqa: S608
# Writes marked messages as well: their mark may be one that did not wait for the disk.
_DELIVER_DURABLY = f"""
    WITH mine AS MATERIALIZED (
        SELECT bucket, id, delivered FROM chat_messages WHERE {_THESE}
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE chat_messages m SET delivered = true FROM mine WHERE m.bucket = mine.bucket AND m.id = mine.id
    RETURNING m.id, m.session_id, m.sender_profile_id, m.seq, mine.delivered AS was_delivered
"""  # noqa: S608 - made of constants
_EXISTING = f"SELECT session_id, id FROM chat_messages WHERE {_THESE}"  # noqa: S608
# The commit of a transaction that writes to the log waits until the disk has the log up to there.
_FLUSH_LOG = "SELECT pg_logical_emit_message(true, 'chat', '')"


class PostgresMessageRepository:
    """Stores messages in PostgreSQL. The port says what each method promises; all raise `Unavailable`.

    `replica` answers the reads that need not be fresh. The primary answers them when there is no replica or it is away.
    `patience` is how many seconds `mark_seen` waits for a session that another transaction has locked. `digests`
    tell repeats of messages that were edited or deleted.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        replica: AsyncEngine | None = None,
        *,
        patience: float = 5.0,
        digests: SentDigests = UNKEYED,
    ) -> None:
        self._engine = engine
        self._replica = replica
        self._digests = digests
        self._seen_to = SeenTo(engine, patience)
        self._seen_marks = SeenMarks(engine)

    async def stop(self) -> None:
        """Stops the marking of seen messages. The next read of those that are left continues it."""
        await self._seen_marks.stop()

    async def append(
        self,
        drafts: Sequence[Draft],
        claim: timedelta,
        envelope: Envelope,
        *,
        wait_for: SessionId | None = None,
    ) -> Sequence[AppendOutcome]:
        """Stores drafts and their outbox entries in one transaction (contract, section 6)."""
        return await append(self._engine, drafts, claim, envelope, self._digests, wait_for=wait_for)

    async def latest(self, session_id: SessionId, limit: int) -> Sequence[Message]:
        """Reads the last `limit` messages of the session."""
        return (await self._read(_LATEST, session_id, limit, bucket_of(session_id)))[::-1]

    async def before(self, session_id: SessionId, seq: int, limit: int) -> Sequence[Message]:
        """Reads the `limit` messages before `seq`."""
        return (await self._read(_BEFORE, session_id, limit, bucket_of(session_id), seq))[::-1]

    async def after(self, session_id: SessionId, seq: int, limit: int, *, fresh: bool) -> Sequence[Message]:
        """Reads the `limit` messages after `seq`. With `fresh` the primary answers."""
        read = self._read_fresh if fresh else self._read
        return await read(_AFTER, session_id, limit, bucket_of(session_id), seq)

    async def seq_of(self, session_id: SessionId, message_id: MessageId) -> int | None:
        """Reads the number of a message of this session, or None, from the primary."""
        async with driver_connection(self._engine) as connection:
            seq: int | None = await connection.fetchval(_SEQ_OF, session_id, message_id, bucket_of(session_id))
            return seq

    async def last_seq(self, session_id: SessionId) -> int:
        """Reads the number of the session's last message, or 0, from the primary."""
        async with driver_connection(self._engine) as connection:
            return await connection.fetchval(_LAST_SEQ, session_id, bucket_of(session_id)) or 0

    async def unseen(self, session_id: SessionId, reader: ProfileId, limit: int, after: int = 0) -> Sequence[Message]:
        """Reads messages that the reader has not seen, from its watermark on."""
        return await unseen(self._engine, session_id, reader, limit, after)

    async def mark_seen(self, session_id: SessionId, reader: ProfileId, up_to_seq: int) -> Seen:
        """Moves the watermark, and marks the first messages below it. The other marks follow in the background."""
        moved = await self._seen_to.move(session_id, reader, up_to_seq)
        if moved is None:
            return Seen()
        if moved.is_to_count:
            with suppress(Unavailable):  # until then, each read counts
                await count_unread(self._engine, [session_id])
        was_unseen = False
        if moved.up_to > moved.before:
            try:
                was_unseen = await self._seen_marks.mark_first(session_id, reader, moved.before, moved.up_to)
            except Unavailable:
                was_unseen = True  # the watermark is stored, and that is the truth
                self._seen_marks.follow(session_id, reader, moved.before + 1)
        return moved.result(was_unseen=was_unseen)

    async def mark_delivered(self, refs: Collection[MessageRef]) -> Marks:
        """Marks messages without waiting for the disk, and leaves out those that are locked."""
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_DELIVER, *_these(refs))
            busy = await _left_out(connection, _UNMARKED, refs, rows)
        return Marks([_reached(row) for row in rows], busy)

    async def mark_delivered_durably(self, refs: Collection[MessageRef]) -> Marks:
        """Marks messages, and waits until the disk has these marks and all before them."""
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_DELIVER_DURABLY, *_these(refs))
            busy = await _left_out(connection, _EXISTING, refs, rows)
            if not rows:
                await connection.execute(_FLUSH_LOG)
        return Marks([_reached(row) for row in rows if not row["was_delivered"]], busy)

    async def delivered_up_to(self, known: Mapping[Sending, int]) -> Mapping[Sending, int]:
        """Finds up to which `seq` everything is delivered, searching from `known` on."""
        return await delivered_up_to(self._engine, known)

    async def undelivered(
        self, receivers: Collection[ProfileId], after: tuple[SessionId, int] | None, limit: int
    ) -> Sequence[Message]:
        """Reads one page of what was not delivered, from the watermarks on."""
        return await undelivered(self._engine, receivers, after, limit)

    async def _read(self, query: str, session_id: SessionId, *arguments: Any) -> list[Message]:
        if self._replica is None:
            return await self._read_fresh(query, session_id, *arguments)
        try:
            messages = await self._fetch(self._replica, query, session_id, *arguments)
        except Unavailable:
            return await self._read_fresh(query, session_id, *arguments)
        return await self._as_changed(messages)

    async def _as_changed(self, messages: list[Message]) -> list[Message]:
        """Messages of one session, with those that have changed as the primary has them: a replica may be late.

        While the primary is away, the replica's are the best that there are.
        """
        if not messages:
            return messages
        try:
            async with driver_connection(self._engine) as connection:
                rows = await connection.fetch(
                    _CHANGED,
                    messages[0].session_id,
                    min(message.seq for message in messages),
                    max(message.seq for message in messages),
                    bucket_of(messages[0].session_id),
                )
        except Unavailable:
            return messages
        changed = {row["id"]: message_of(row) for row in rows}
        return [changed.get(message.id, message) for message in messages]

    async def _read_fresh(self, query: str, session_id: SessionId, *arguments: Any) -> list[Message]:
        return await self._fetch(self._engine, query, session_id, *arguments)

    async def _fetch(self, engine: AsyncEngine, query: str, session_id: SessionId, *arguments: Any) -> list[Message]:
        async with driver_connection(engine) as connection:
            rows = await connection.fetch(query, session_id, *arguments)
        for reader in {row["unmarked_reader"] for row in rows} - {None}:
            first = min(row["seq"] for row in rows if row["unmarked_reader"] == reader)
            self._seen_marks.follow(session_id, reader, first)
        return [message_of(row) for row in rows]


async def _left_out(
    connection: "asyncpg.Connection[asyncpg.Record]",
    query: str,
    refs: Collection[MessageRef],
    marked: "Sequence[asyncpg.Record]",
) -> Collection[MessageRef]:
    """What is not among the `marked` rows and what `query` finds: another transaction has locked it."""
    left_out = set(refs).difference(MessageRef(row["session_id"], row["id"]) for row in marked)
    if not left_out:
        return []
    return [MessageRef(row["session_id"], row["id"]) for row in await connection.fetch(query, *_these(left_out))]


def _these(refs: Collection[MessageRef]) -> tuple[list[MessageId], list[int]]:
    """The parameters of `_THESE`."""
    return [ref.id for ref in refs], list({bucket_of(ref.session_id) for ref in refs})


def _reached(row: asyncpg.Record) -> Reached:
    return Reached(Sending(row["session_id"], row["sender_profile_id"]), row["seq"])
