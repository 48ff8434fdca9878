"""How far what somebody sent was delivered, without reading what was known to be.

The search begins at what the caller knows and at the watermarks of the session (see `undelivered`); a watermark that is
far behind is moved, so that the next search is short again.
"""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.buckets import with_buckets
from adapters.postgres.connection.database import driver_connection, driver_transaction
from adapters.postgres.messages.undelivered import advance
from adapters.postgres.sides import chosen
from application.ports.messages import Sending
from domain.showing import Hidden

FAR_BEHIND = 1_000  # messages

_UP_TO = f"""
    SELECT side.id, side.sender, side.is_sender, side.watermark, coalesce(next.seq - 1, side.last_seq) AS done
    FROM (
        SELECT s.id, s.bucket, w.sender, w.known, s.last_seq, s.receiver_profile_id = w.sender AS is_sender,
               {chosen("s.receiver_profile_id = w.sender", "greatest(s.{side}_delivered_to, s.{side}_seen_to)")}
                   AS watermark
        FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::smallint[]) AS w(session_id, sender, known, bucket)
        JOIN chat_sessions s ON s.bucket = w.bucket AND s.id = w.session_id
        WHERE (s.sender_hides | s.receiver_hides) & {Hidden.DELIVERED:d} = 0
          AND s.sender_blocked_at IS NULL AND s.receiver_blocked_at IS NULL
    ) side LEFT JOIN LATERAL (
        SELECT m.seq FROM chat_messages m
        WHERE m.bucket = side.bucket AND m.session_id = side.id AND m.seq > greatest(side.known, side.watermark)
          AND m.sender_profile_id = side.sender AND NOT m.delivered AND NOT m.withheld
        ORDER BY m.seq LIMIT 1
    ) next ON true
"""  # noqa: S608 - made of constants


async def delivered_up_to(engine: AsyncEngine, known: Mapping[Sending, int]) -> Mapping[Sending, int]:
    """Finds what `MessageRepository.delivered_up_to` promises. Raises `Unavailable`."""
    session_ids, buckets = with_buckets(sending.session_id for sending in known)
    senders, values = [sending.sender_id for sending in known], list(known.values())
    async with driver_connection(engine) as connection:
        rows = await connection.fetch(_UP_TO, session_ids, senders, values, buckets)
    behind = [row for row in rows if row["done"] - row["watermark"] > FAR_BEHIND]
    if behind:
        async with driver_transaction(engine) as connection:
            await advance(connection, behind)
    return {Sending(row["id"], row["sender"]): row["done"] for row in rows}
