"""The schema of version 0.1.0, and what its statements write: the oldest version that runs beside this one."""

from uuid import UUID, uuid4

import asyncpg

from tests.support.people import ids

SCHEMA = """
    DROP TABLE alembic_compatible_version, chat_message_changes, chat_operations, chat_user_sessions,
        chat_conversations, chat_settings, chat_blocks;
    DROP FUNCTION chat_sessions_bucket, chat_messages_bucket, chat_sessions_made, chat_sessions_gone CASCADE;
    DROP FUNCTION chat_bucket;
    ALTER TABLE chat_sessions DROP COLUMN bucket, DROP COLUMN changed,
        DROP COLUMN last_sent_at, DROP COLUMN last_sent_seq,
        DROP COLUMN sender_hides, DROP COLUMN receiver_hides,
        DROP COLUMN sender_seen_shown, DROP COLUMN receiver_seen_shown,
        DROP COLUMN sender_delivered_shown, DROP COLUMN receiver_delivered_shown,
        DROP COLUMN unread_seq, DROP COLUMN sender_unread, DROP COLUMN receiver_unread,
        DROP COLUMN sender_read_to, DROP COLUMN receiver_read_to,
        DROP COLUMN sender_unread_seen, DROP COLUMN receiver_unread_seen, DROP COLUMN closed_at,
        DROP COLUMN sender_blocked_at, DROP COLUMN receiver_blocked_at,
        DROP COLUMN sender_last_shown, DROP COLUMN receiver_last_shown;
    ALTER TABLE chat_message_outbox DROP COLUMN bucket;
    ALTER TABLE chat_messages
        DROP COLUMN bucket, DROP COLUMN changed, DROP COLUMN reply_to, DROP COLUMN shared_changes,
        DROP COLUMN edited_at, DROP COLUMN deleted_at, DROP COLUMN hidden_by_sender_at,
        DROP COLUMN hidden_by_receiver_at, DROP COLUMN reactions, DROP COLUMN sent_digest, DROP COLUMN withheld;
    CREATE INDEX chat_messages_sender ON chat_messages (sender_profile_id)
"""
"""Takes an empty database of this version back to what 0.1.0 has made."""

_CREATE = """
    INSERT INTO chat_sessions (id, sender_profile_id, receiver_profile_id, intent, created_at)
    VALUES ($1, $2, $3, 'friends', now()) ON CONFLICT DO NOTHING
"""
_LOCK = "SELECT id, last_seq FROM chat_sessions WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_INSERT = """
    WITH message AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::uuid[])
            AS m(id, session_id, seq, sender_profile_id, content, client_msg_id)
    ), stored AS (
        INSERT INTO chat_messages (id, session_id, seq, sender_profile_id, content, client_msg_id, sent_at)
        SELECT id, session_id, seq, sender_profile_id, content, client_msg_id, now() FROM message
        ON CONFLICT (client_msg_id) DO NOTHING RETURNING id
    ), bumped AS (
        UPDATE chat_sessions s SET last_seq = n.last_seq
        FROM (SELECT session_id, max(seq) AS last_seq FROM message GROUP BY session_id) n WHERE s.id = n.session_id
    ), owed AS (
        INSERT INTO chat_message_outbox (id, destination, payload, created_at, next_retry_at)
        SELECT id, 'topic', '{}'::jsonb, now(), now() FROM message
    )
    SELECT count(*) FROM stored
"""
_DELIVER = """
    WITH mine AS MATERIALIZED (
        SELECT id FROM chat_messages WHERE id = ANY($1::uuid[]) AND NOT delivered ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE chat_messages m SET delivered = true FROM mine WHERE m.id = mine.id
"""


class OldWriter:
    """Sends as version 0.1.0 does, on one connection, into sessions of its own."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection
        self._sessions: list[tuple[UUID, UUID]] = []

    async def open(self, sessions: int) -> None:
        """Creates sessions."""
        for _ in range(sessions):
            low, high = sorted((uuid4(), uuid4()))
            self._sessions.append((ids.new(), low))
            await self._connection.execute(_CREATE, self._sessions[-1][0], low, high)

    async def send(self) -> None:
        """Stores one message in each session, and marks all of them as delivered."""
        async with self._connection.transaction():
            rows = await self._connection.fetch(_LOCK, [session_id for session_id, _ in self._sessions])
            last = {row["id"]: row["last_seq"] for row in rows}
            message_ids = [ids.new() for _ in self._sessions]
            columns = (
                message_ids,
                [session_id for session_id, _ in self._sessions],
                [last[session_id] + 1 for session_id, _ in self._sessions],
                [sender for _, sender in self._sessions],
                ["hi" for _ in self._sessions],
                [uuid4() for _ in self._sessions],
            )
            assert await self._connection.fetchval(_INSERT, *columns) == len(self._sessions)
        await self._connection.execute(_DELIVER, message_ids)
