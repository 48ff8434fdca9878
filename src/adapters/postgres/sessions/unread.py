"""What somebody has not read, in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.buckets import bucket_of
from adapters.postgres.connection.database import driver_connection
from adapters.postgres.connection.lock_turns import LockTurns
from adapters.postgres.count_unread import count_locked
from adapters.postgres.operations import is_repeated
from adapters.postgres.sides import chosen, of_side, set_chosen
from adapters.postgres.unread_columns import KEEP_OR_FORGET, READ_TO, UNREAD
from application.ports.changes.message_changes import Operation
from application.ports.unread import NOTHING_UNREAD, UnreadReading, UnreadSession, UnreadTotals
from domain.errors import SessionNotFound
from domain.identifiers import Email, ProfileId, SessionId

# A session between two of the readers counts as its sender sees it, as in the list.
_UNREAD = f"""
    SELECT p.owner, p.id AS reader, s.id, s.bucket, s.intent, s.created_at, {of_side("sender", UNREAD)} AS unread
    FROM unnest($1::text[], $2::uuid[]) AS p(owner, id) JOIN chat_sessions s ON s.sender_profile_id = p.id
    UNION ALL
    SELECT p.owner, p.id, s.id, s.bucket, s.intent, s.created_at, {of_side("receiver", UNREAD)}
    FROM unnest($1::text[], $2::uuid[]) AS p(owner, id) JOIN chat_sessions s ON s.receiver_profile_id = p.id
    WHERE NOT EXISTS (SELECT FROM unnest($1::text[], $2::uuid[]) AS o(owner, id)
                      WHERE o.owner = p.owner AND o.id = s.sender_profile_id)
"""  # noqa: S608 - made of constants
# One row more than there is to count, so that the time comes even then.
_TOTALS = f"""
    SELECT now() AS read_at, owner, intent, sum(unread)::bigint AS unread, count(*) AS sessions
    FROM (SELECT owner, intent, unread FROM ({_UNREAD}) one WHERE unread > 0 UNION ALL SELECT NULL, NULL, 0) counted
    GROUP BY owner, intent ORDER BY owner, intent
"""  # noqa: S608 - made of constants
_SESSIONS = f"""
    SELECT one.id, one.unread
    FROM ({_UNREAD}) one LEFT JOIN LATERAL (
        SELECT m.sent_at FROM chat_messages m
        WHERE m.bucket = one.bucket AND m.session_id = one.id
          AND (NOT m.withheld OR m.sender_profile_id = one.reader)
        ORDER BY m.sent_at DESC LIMIT 1
    ) last ON true
    WHERE one.unread > 0 ORDER BY coalesce(last.sent_at, one.created_at) DESC, one.id DESC LIMIT $3
"""  # noqa: S608 - made of constants
_LOCK = f"""
    SELECT s.sender_profile_id = $2 AS is_sender, {chosen("s.sender_profile_id = $2", READ_TO)} AS read_to
    FROM chat_sessions s WHERE bucket = $3 AND id = $1 FOR NO KEY UPDATE
"""  # noqa: S608 - made of constants
_MARK = f"""
    UPDATE chat_sessions s SET
        {set_chosen("$4", "{side}_read_to", "$3")},
        {set_chosen("$4", "{side}_unread_seen", "s.{side}_seen_to")},
        {set_chosen("$4", "{side}_unread", "NULL", otherwise=KEEP_OR_FORGET)},
        unread_seq = s.last_seq
    WHERE s.bucket = $2 AND s.id = $1
"""  # noqa: S608 - made of constants
# the number of the reader's side, so that its devices are told and the other side is not
_CHANGED = """
    INSERT INTO chat_conversations (profile_id, session_id, changed)
    VALUES ($1, $2, pg_current_xact_id()::text::bigint)
    ON CONFLICT (profile_id, session_id) DO UPDATE SET changed = excluded.changed
"""


class PostgresUnreadRepository:
    """Reads the counters of sessions. The port says what each method promises."""

    def __init__(self, engine: AsyncEngine, turns: LockTurns | None = None) -> None:
        self._engine = engine
        self._turns = turns or LockTurns(engine)

    async def totals(self, readers: Mapping[Email, Collection[ProfileId]]) -> UnreadReading:
        """See `UnreadRepository.totals`."""
        pairs = [(email, profile_id) for email, profile_ids in readers.items() for profile_id in profile_ids]
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(
                _TOTALS, [email for email, _ in pairs], [profile_id for _, profile_id in pairs]
            )
        totals = dict.fromkeys(readers, NOTHING_UNREAD)
        for row in rows:
            if row["owner"] is None:
                continue
            known = totals[row["owner"]]
            by_intent = {**known.by_intent, row["intent"]: row["unread"]}
            totals[row["owner"]] = UnreadTotals(
                known.total + row["unread"], known.sessions + row["sessions"], by_intent
            )
        return UnreadReading(rows[0]["read_at"], totals)

    async def sessions(self, readers: Collection[ProfileId], limit: int) -> Sequence[UnreadSession]:
        """See `UnreadRepository.sessions`."""
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_SESSIONS, [""] * len(readers), list(readers), limit)
        return [UnreadSession(row["id"], row["unread"]) for row in rows]

    async def mark_unread(
        self, session_id: SessionId, reader: ProfileId, from_seq: int, operation: Operation | None = None
    ) -> bool:
        """See `UnreadRepository.mark_unread`."""
        bucket = bucket_of(session_id)

        async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
            side = await connection.fetchrow(_LOCK, session_id, reader, bucket)
            if side is None:
                raise SessionNotFound
            if await is_repeated(connection, operation):
                return False
            if from_seq - 1 >= side["read_to"]:
                return False
            await connection.execute(_MARK, session_id, bucket, from_seq - 1, side["is_sender"])
            await count_locked(connection, [session_id])
            await connection.execute(_CHANGED, reader, session_id)
            return True

        return await self._turns.run(session_id, work)
