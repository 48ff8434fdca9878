"""Changes of stored messages in PostgreSQL (contract, section 13)."""

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.buckets import bucket_of, with_buckets
from adapters.postgres.connection.database import driver_connection
from adapters.postgres.connection.lock_turns import LockTurns
from adapters.postgres.message_columns import COLUMNS, MESSAGES
from adapters.postgres.operations import is_repeated
from adapters.postgres.rows import STANDING, message_of, standing_of
from adapters.postgres.sides import of_both
from adapters.postgres.unread_columns import READ_TO, SEEN_TO, is_unread
from application.ports.changes.message_changes import Changed, Operation, Place, Rewrite, Rule
from domain.errors import MessageNotFound
from domain.identifiers import MessageId, SessionId
from domain.message import Message
from domain.rules.visibility import RECEIVER, is_visible

# The number of a change is at least the id of its transaction, and never falls in a session.
_LOCK = f"""
    SELECT greatest(changed, pg_current_xact_id()::text::bigint) AS changed, clock_timestamp() AS now,
           {STANDING}
    FROM chat_sessions WHERE bucket = $2 AND id = $1 FOR NO KEY UPDATE
"""  # noqa: S608 - made of constants
_FIND = (
    f"SELECT {COLUMNS} FROM {MESSAGES} WHERE m.bucket = $3 AND m.id = $1 AND m.session_id = $2 FOR NO KEY UPDATE OF m"  # noqa: S608
)
# One less when the message was unread for that side, and is not shown to it any more ($12).
_LESS_UNREAD = f"""
    {{side}}_unread = s.{{side}}_unread - (
        $12 AND stored.sender_profile_id <> s.{{side}}_profile_id AND {is_unread("stored", READ_TO, SEEN_TO)})::int
"""
_STORE = f"""
    WITH stored AS (
        UPDATE chat_messages
        SET content = $2, shared_changes = $3, edited_at = $4, deleted_at = $5, hidden_by_sender_at = $6,
            hidden_by_receiver_at = $7, reactions = $8::text::jsonb, sent_digest = $9, changed = $10, withheld = $13
        WHERE bucket = $11 AND id = $1 RETURNING session_id, seq, sender_profile_id, seen
    ), noted AS (
        INSERT INTO chat_message_changes (message_id, session_id, seq, changed)
        SELECT $1, session_id, seq, $10 FROM stored ON CONFLICT (message_id) DO UPDATE SET changed = excluded.changed
    )
    UPDATE chat_sessions s SET changed = $10, {of_both(_LESS_UNREAD)}
    FROM stored WHERE s.bucket = $11 AND s.id = stored.session_id
"""  # noqa: S608 - made of constants
# The entries of a message have keys made soon after its own, both UUIDv7.
_REWRITE = """
    UPDATE chat_message_outbox SET payload = payload || $4::text::jsonb
    WHERE id >= $2 AND id < $3 AND payload ->> 'messageId' = $1::text
"""
_AT = f"""
    SELECT {COLUMNS} FROM {MESSAGES}
    JOIN unnest($1::uuid[], $2::bigint[], $3::smallint[]) AS place(session_id, seq, bucket)
      ON m.bucket = place.bucket AND m.session_id = place.session_id AND m.seq = place.seq
"""  # noqa: S608 - made of constants
_PRESENT = f"""
    SELECT {COLUMNS} FROM {MESSAGES}
    WHERE m.id = ANY($1::uuid[]) AND (m.shared_changes > 0 OR m.reply_to IS NOT NULL
      OR m.hidden_by_sender_at IS NOT NULL OR m.hidden_by_receiver_at IS NOT NULL)
"""  # noqa: S608 - made of constants

_ENTRIES_WITHIN_MS: Final = 600_000


class PostgresMessageChanges:
    """Changes messages under the lock of their session."""

    def __init__(self, engine: AsyncEngine, turns: LockTurns | None = None) -> None:
        self._engine = engine
        self._turns = turns or LockTurns(engine)

    async def change(
        self,
        session_id: SessionId,
        message_id: MessageId,
        rule: Rule,
        rewrite: Rewrite,
        operation: Operation | None = None,
    ) -> Changed:
        """Stores what `rule` makes of the message, in one transaction."""
        bucket = bucket_of(session_id)

        async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> Changed:
            session = await connection.fetchrow(_LOCK, session_id, bucket)
            found = await connection.fetchrow(_FIND, message_id, session_id, bucket)
            if session is None or found is None:
                raise MessageNotFound
            before = message_of(found)
            if await is_repeated(connection, operation):
                return Changed(before, is_new=False)
            standing = standing_of(session)
            after = rule(before, session["now"], standing)
            if after == before:
                return Changed(before, is_new=False)
            is_hidden = is_visible(before, RECEIVER) and not is_visible(after, RECEIVER)
            await connection.execute(_STORE, *_columns(after), session["changed"], bucket, is_hidden, after.withheld)
            if after.content != before.content and (not after.withheld or after.changes.deleted_at is not None):
                patch = msgspec.json.encode(rewrite(after)).decode()
                await connection.execute(_REWRITE, str(after.id), *_keys_of_entries(after.id), patch)
            return Changed(after, True, standing)

        return await self._turns.run(session_id, work)

    async def at(self, places: Collection[Place]) -> Mapping[Place, Message]:
        """Reads the messages at `places`."""
        async with driver_connection(self._engine) as connection:
            return await messages_at(connection, places)

    async def present(self, message_ids: Collection[MessageId]) -> Mapping[MessageId, Message]:
        """Reads them by their ids."""
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_PRESENT, list(message_ids))
        return {row["id"]: message_of(row) for row in rows}


async def messages_at(
    connection: "asyncpg.Connection[asyncpg.Record]", places: Collection[Place]
) -> Mapping[Place, Message]:
    """The messages at `places`. Leaves out places without one."""
    wanted = list(places)
    session_ids, buckets = with_buckets(place.session_id for place in wanted)
    rows = await connection.fetch(_AT, session_ids, [place.seq for place in wanted], buckets)
    return {Place(row["session_id"], row["seq"]): message_of(row) for row in rows}


def _columns(message: Message) -> tuple[object, ...]:
    """The parameters of `_STORE`, but for the number of the change."""
    changes = message.changes
    # as older versions know them, as far as they can
    written = [reaction if reaction.withheld else reaction[:2] for reaction in changes.reactions]
    reactions = msgspec.json.encode(written).decode() if written else None
    return (
        message.id,
        message.content,
        changes.shared,
        changes.edited_at,
        changes.deleted_at,
        changes.hidden_by_sender_at,
        changes.hidden_by_receiver_at,
        reactions,
        changes.sent_digest,
    )


def _keys_of_entries(message_id: UUID) -> tuple[UUID, UUID]:
    """The range of keys that outbox entries of the message have; of one with another kind of id, all keys."""
    if message_id.version != 7:
        return UUID(int=0), UUID(int=2**128 - 1)
    milliseconds = message_id.int >> 80
    return UUID(int=milliseconds << 80), UUID(int=(milliseconds + _ENTRIES_WITHIN_MS) << 80)
