"""Messages that were not delivered, found without reading those that were.

Each side of a session has a watermark: everything addressed to it with a `seq` up to there was delivered. It is moved
by the one who profits, the reader, before the first page. Nothing can be passed over: a session's `last_seq` and its
messages are committed together, so that one snapshot shows all messages up to the `last_seq` that it shows, and
`delivered` is never taken back. What is below a watermark once computed stays delivered, however late it is written.
"""

from collections.abc import Collection, Sequence

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.buckets import with_buckets
from adapters.postgres.connection.database import driver_connection
from adapters.postgres.rows import message_of
from domain.identifiers import ProfileId, SessionId
from domain.message import Message

# The sides that are mine, but for those with nothing beyond their watermark. What was seen was delivered as well.
_SIDES = """
    SELECT id, bucket, true AS is_sender, sender_profile_id AS reader, last_seq,
           greatest(sender_delivered_to, sender_seen_to) AS done
    FROM chat_sessions
    WHERE sender_profile_id = ANY($1::uuid[]) AND last_seq > greatest(sender_delivered_to, sender_seen_to)
    UNION ALL
    SELECT id, bucket, false, receiver_profile_id, last_seq, greatest(receiver_delivered_to, receiver_seen_to)
    FROM chat_sessions
    WHERE receiver_profile_id = ANY($1::uuid[]) AND last_seq > greatest(receiver_delivered_to, receiver_seen_to)
"""
_BEHIND = f"""
    SELECT side.id, side.is_sender, coalesce(next.seq - 1, side.last_seq) AS done
    FROM ({_SIDES}) side LEFT JOIN LATERAL (
        SELECT m.seq FROM chat_messages m
        WHERE m.bucket = side.bucket AND m.session_id = side.id AND m.seq > side.done
          AND m.sender_profile_id <> side.reader AND NOT m.delivered AND NOT m.withheld
        ORDER BY m.seq LIMIT 1
    ) next ON true
    WHERE coalesce(next.seq - 1, side.last_seq) > side.done
"""  # noqa: S608 - made of constants
# Given as values: a locked row is read anew, and its new `last_seq` would speak of messages that were not looked at.
# A session that is busy is left for the next time, so that this never waits and is never part of a deadlock.
_ADVANCE = """
    WITH free AS MATERIALIZED (
        SELECT id FROM chat_sessions
        WHERE bucket = ANY($4::smallint[]) AND id = ANY($1::uuid[]) FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE chat_sessions s SET
        sender_delivered_to = greatest(s.sender_delivered_to, CASE WHEN a.is_sender THEN a.done ELSE 0 END),
        receiver_delivered_to = greatest(s.receiver_delivered_to, CASE WHEN a.is_sender THEN 0 ELSE a.done END)
    FROM free JOIN unnest($1::uuid[], $2::boolean[], $3::bigint[]) AS a(id, is_sender, done) ON a.id = free.id
    WHERE s.bucket = ANY($4) AND s.id = free.id
"""
# Session by session in the order of the page, so that a long backlog is read no further than the page goes.
_PAGE = f"""
    SELECT m.* FROM ({_SIDES}) side CROSS JOIN LATERAL (
        SELECT * FROM chat_messages m
        WHERE m.bucket = side.bucket AND m.session_id = side.id
          AND m.seq > greatest(side.done, CASE WHEN side.id = $2 THEN $3::bigint END)
          AND m.sender_profile_id <> side.reader AND NOT m.delivered AND NOT m.withheld
        ORDER BY m.seq LIMIT $4
    ) m
    WHERE $2::uuid IS NULL OR side.id >= $2
    ORDER BY side.id, m.seq LIMIT $4
"""  # noqa: S608 - made of constants


async def undelivered(
    engine: AsyncEngine, receivers: Collection[ProfileId], after: tuple[SessionId, int] | None, limit: int
) -> Sequence[Message]:
    """Reads one page, as `MessageRepository.undelivered` promises. Raises `Unavailable`."""
    mine = list(receivers)
    session_id, seq = after or (None, None)
    async with driver_connection(engine) as connection:
        # not in one transaction with what it leads to: what is below a watermark once computed stays delivered
        if after is None and (behind := await connection.fetch(_BEHIND, mine)):
            async with connection.transaction():
                await advance(connection, behind)
        return [message_of(row) for row in await connection.fetch(_PAGE, mine, session_id, seq, limit)]


async def advance(connection: "asyncpg.Connection[asyncpg.Record]", behind: "Sequence[asyncpg.Record]") -> None:
    """Moves watermarks inside a transaction.

    Each row of `behind` has the session's `id`, `is_sender`, and `done`, the new watermark.
    """
    session_ids, buckets = with_buckets(row["id"] for row in behind)
    is_sender, done = ([row[name] for row in behind] for name in ("is_sender", "done"))
    # a watermark that a crash loses is found again
    await connection.execute("SET LOCAL synchronous_commit = off")
    await connection.execute(_ADVANCE, session_ids, is_sender, done, buckets)
