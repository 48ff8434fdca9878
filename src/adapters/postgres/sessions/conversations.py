"""Each side's own state of a session, in PostgreSQL: a row of its own, so that a send writes none."""

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.buckets import bucket_of
from adapters.postgres.connection.lock_turns import LockTurns
from adapters.postgres.operations import is_repeated
from adapters.postgres.rows import conversation_of
from adapters.postgres.sessions.shown_marks import SHOWN_SEQ
from application.ports.changes.message_changes import Operation
from application.ports.conversations import ConversationRule
from domain.conversation import Activity
from domain.errors import SessionNotFound
from domain.identifiers import ProfileId, SessionId

_ADD = "INSERT INTO chat_conversations (profile_id, session_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
# A message that is committed while the row is waited for is not seen. It takes the session out of the archive.
_LOCK = f"""
    SELECT c.muted_until, c.archived_to, c.pinned_at, c.draft, clock_timestamp() AS now,
           shown.seq AS last_seq, coalesce(last.sent_at, s.created_at) AS last_at
    FROM chat_conversations c
    JOIN chat_sessions s ON s.bucket = $3 AND s.id = c.session_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN s.sender_profile_id = $1 THEN {SHOWN_SEQ.format(side="sender")}
                    ELSE {SHOWN_SEQ.format(side="receiver")} END AS seq
    ) shown
    LEFT JOIN LATERAL (
        SELECT m.sent_at FROM chat_messages m
        WHERE m.bucket = s.bucket AND m.session_id = s.id AND m.seq <= shown.seq ORDER BY m.seq DESC LIMIT 1
    ) last ON true
    WHERE c.profile_id = $1 AND c.session_id = $2 FOR NO KEY UPDATE OF c
"""  # noqa: S608 - made of constants
_STORE = """
    UPDATE chat_conversations
    SET muted_until = $3, archived_to = $4, pinned_at = $5, draft = $6, changed = pg_current_xact_id()::text::bigint
    WHERE profile_id = $1 AND session_id = $2
"""


class PostgresConversationRepository:
    """Changes one row a call. Its number is that of its transaction, as no other row of the session has to follow."""

    def __init__(self, engine: AsyncEngine, turns: LockTurns | None = None) -> None:
        self._turns = turns or LockTurns(engine)

    async def change(
        self, session_id: SessionId, reader: ProfileId, rule: ConversationRule, operation: Operation | None = None
    ) -> bool:
        """See `ConversationRepository.change`."""

        async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
            await connection.execute(_ADD, reader, session_id)
            row = await connection.fetchrow(_LOCK, reader, session_id, bucket_of(session_id))
            if row is None:
                raise SessionNotFound
            if await is_repeated(connection, operation):
                return False
            before = conversation_of(row)
            after = rule(before, Activity(row["last_seq"], row["last_at"]), row["now"])
            if after == before:
                return False
            await connection.execute(_STORE, reader, session_id, *after)
            return True

        return await self._turns.run((session_id, reader), work)
