"""How far what somebody sent was delivered, without reading what was known to be.

The search begins at what the caller knows and at the watermarks of the session (see `undelivered`); a watermark that is
far behind is moved, so that the next search is short again.
"""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.database import driver_connection, driver_transaction
from adapters.postgres.undelivered import advance
from application.ports.messages import Sending

FAR_BEHIND = 1_000  # messages

_UP_TO = """
    SELECT side.id, side.sender, side.is_sender, side.watermark, coalesce(next.seq - 1, side.last_seq) AS done
    FROM (
        SELECT s.id, w.sender, w.known, s.last_seq, s.receiver_profile_id = w.sender AS is_sender,
               CASE WHEN s.receiver_profile_id = w.sender
                    THEN greatest(s.sender_delivered_to, s.sender_seen_to)
                    ELSE greatest(s.receiver_delivered_to, s.receiver_seen_to) END AS watermark
        FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS w(session_id, sender, known)
        JOIN chat_sessions s ON s.id = w.session_id
    ) side LEFT JOIN LATERAL (
        SELECT m.seq FROM chat_messages m
        WHERE m.session_id = side.id AND m.seq > greatest(side.known, side.watermark)
          AND m.sender_profile_id = side.sender AND NOT m.delivered
        ORDER BY m.seq LIMIT 1
    ) next ON true
"""


async def delivered_up_to(engine: AsyncEngine, known: Mapping[Sending, int]) -> Mapping[Sending, int]:
    """As `MessageRepository.delivered_up_to`. Raises `Unavailable`."""
    columns = [one.session_id for one in known], [one.sender_id for one in known], list(known.values())
    async with driver_connection(engine) as connection:
        rows = await connection.fetch(_UP_TO, *columns)
    behind = [row for row in rows if row["done"] - row["watermark"] > FAR_BEHIND]
    if behind:
        async with driver_transaction(engine) as connection:
            await advance(connection, behind)
    return {Sending(row["id"], row["sender"]): row["done"] for row in rows}
