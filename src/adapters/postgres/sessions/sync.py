"""What has changed since a position, in PostgreSQL (contract, section 12).

The number of a change is at least the id of its transaction. Every transaction below the position had ended when the
position was read, so that whatever it changed is seen by every later read.
"""

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import driver_connection
from adapters.postgres.message_columns import COLUMNS, MESSAGES
from adapters.postgres.rows import message_of
from adapters.postgres.sessions.shown_marks import SHOWN
from adapters.postgres.sides import chosen
from application.ports.changes.sync import Position, SessionMarks
from domain.identifiers import ProfileId, SessionId
from domain.message import Message

# A restored or promoted database has another timeline, a loaded one another cluster or oid.
_POSITION = """
    SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
                     (SELECT oid FROM pg_database WHERE datname = current_database()),
                     left(pg_walfile_name(pg_current_wal_lsn()), 8)) AS epoch,
           pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS number
"""
_MINE = """
    SELECT s.*, s.sender_profile_id = ANY($1::uuid[]) AS is_sender FROM chat_sessions s
    WHERE (s.sender_profile_id = ANY($1::uuid[]) OR s.receiver_profile_id = ANY($1::uuid[]))
"""
_SIDES = f"{_MINE} AND s.changed >= $2"
# A side's own state has a number of its own, so that the other side learns nothing of it.
_CHANGED_SIDES = f"""
    {_MINE} AND (s.changed >= $2 OR s.id IN (
        SELECT c.session_id FROM chat_conversations c WHERE c.profile_id = ANY($1::uuid[]) AND c.changed >= $2))
"""  # noqa: S608 - made of constants
_SESSIONS = f"""
    SELECT side.id, is_sender, sender_profile_id, receiver_profile_id, marks.*,
           {chosen("is_sender", "{side}_seen_to")} AS own_seen_to
    FROM ({_CHANGED_SIDES}) side CROSS JOIN LATERAL (
        SELECT {SHOWN.format(side="side.receiver")} WHERE is_sender
        UNION ALL
        SELECT {SHOWN.format(side="side.sender")} WHERE NOT is_sender
    ) marks WHERE $3::uuid IS NULL OR side.id > $3 ORDER BY side.id LIMIT $4
"""  # noqa: S608 - made of constants
# New messages are read from the end of `seq` backwards, to the first one whose number is below: in a session numbers
# never fall while `seq` rises. A changed one has a row of its own. Nothing is read backwards beyond what is told, nor
# when the page before has ended with a new message that never changed: all after that one are new. The sessions come in
# order, so that a page ends the reading: sorted together with their messages, all of them would be read for each page.
# Each message is looked up by itself: a join of all might read the whole table.
_MESSAGES = f"""
    SELECT message.*
    FROM ({_SIDES} AND ($3::uuid IS NULL OR s.id >= $3) ORDER BY s.id) side CROSS JOIN LATERAL (
        SELECT CASE WHEN side.id = $3 THEN $4::bigint ELSE 0 END AS seq
    ) passed CROSS JOIN LATERAL (
        SELECT greatest(side.last_seq - $6::bigint, passed.seq) AS seq
    ) least_told CROSS JOIN LATERAL (
        SELECT CASE WHEN passed.seq > 0 AND EXISTS (
            SELECT FROM chat_messages p
            WHERE p.bucket = side.bucket AND p.session_id = side.id AND p.seq = passed.seq AND p.changed >= $2
              AND p.shared_changes = 0 AND p.hidden_by_sender_at IS NULL AND p.hidden_by_receiver_at IS NULL
        ) THEN least_told.seq ELSE greatest(
            least_told.seq,
            (SELECT o.seq FROM chat_messages o
             WHERE o.bucket = side.bucket AND o.session_id = side.id AND o.seq > least_told.seq
               AND coalesce(o.changed, 0) < $2
             ORDER BY o.seq DESC LIMIT 1)
        ) END AS seq
    ) old CROSS JOIN LATERAL (
        (SELECT n.seq FROM chat_messages n
         WHERE n.bucket = side.bucket AND n.session_id = side.id AND n.seq > old.seq ORDER BY n.seq LIMIT $5)
        UNION
        (SELECT c.seq FROM chat_message_changes c
         WHERE c.session_id = side.id AND c.changed >= $2 AND c.seq > least_told.seq
         ORDER BY c.seq LIMIT $5)
    ) found CROSS JOIN LATERAL (
        SELECT {COLUMNS} FROM {MESSAGES} WHERE m.bucket = side.bucket AND m.session_id = side.id AND m.seq = found.seq
        LIMIT 1
    ) message
    ORDER BY side.id, found.seq LIMIT $5
"""  # noqa: S608 - made of constants


class PostgresSyncStore:
    """Reads changes by their numbers."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def position(self) -> Position:
        """Reads the oldest transaction that has not ended."""
        async with driver_connection(self._engine) as connection:
            row = await connection.fetchrow(_POSITION)
        assert row is not None, "it has no condition"
        return Position(row["epoch"], row["number"])

    async def sessions(
        self, readers: Collection[ProfileId], since: int, after: SessionId | None, limit: int
    ) -> Sequence[SessionMarks]:
        """Reads sessions that have changed since."""
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_SESSIONS, list(readers), since, after, limit)
        return [
            SessionMarks(
                row["id"],
                row["sender_profile_id"] if row["is_sender"] else row["receiver_profile_id"],
                row["receiver_profile_id"] if row["is_sender"] else row["sender_profile_id"],
                row["peer_delivered_to"],
                row["peer_seen_to"],
                row["own_seen_to"],
            )
            for row in rows
        ]

    async def messages(
        self,
        readers: Collection[ProfileId],
        since: int,
        after: tuple[SessionId, int] | None,
        limit: int,
        last: int | None = None,
    ) -> Sequence[Message]:
        """Reads messages that are new or have changed since."""
        session_id, seq = after or (None, None)
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_MESSAGES, list(readers), since, session_id, seq, limit, last)
        return [message_of(row) for row in rows]
