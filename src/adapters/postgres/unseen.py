"""What a reader has not seen of a session, read from the reader's watermark on.

The watermark stays behind a reader who only writes. It is moved here, over messages that are its own or marked as
seen, so that the next look need not read them again.
"""

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.database import NO_WAIT, driver_connection
from adapters.postgres.rows import message_of
from domain.errors import Unavailable
from domain.identifiers import ProfileId, SessionId
from domain.message import Message

WORTH_A_WRITE = 100  # messages that need not be read again

_SIDE = """
    SELECT last_seq, CASE WHEN sender_profile_id = $2 THEN sender_seen_to ELSE receiver_seen_to END AS seen_to,
           CASE WHEN sender_profile_id = $2 THEN receiver_profile_id ELSE sender_profile_id END AS peer
    FROM chat_sessions WHERE id = $1 AND $2 IN (sender_profile_id, receiver_profile_id)
"""
# The peer is given as a value, so that the planner knows of one who never wrote anything.
_UNSEEN = """
    SELECT * FROM chat_messages
    WHERE session_id = $1 AND sender_profile_id = $2 AND seq > $3 AND NOT seen ORDER BY seq LIMIT $4
"""
_MOVE = f"""
    WITH free AS MATERIALIZED (SELECT id FROM chat_sessions WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE chat_sessions s SET
        sender_seen_to = CASE WHEN sender_profile_id = $2 THEN greatest(sender_seen_to, $3) ELSE sender_seen_to END,
        receiver_seen_to =
            CASE WHEN sender_profile_id = $2 THEN receiver_seen_to ELSE greatest(receiver_seen_to, $3) END
    FROM free WHERE s.id = free.id AND {NO_WAIT}
"""  # noqa: S608 - made of constants


async def unseen(
    engine: AsyncEngine, session_id: SessionId, reader: ProfileId, limit: int, after: int
) -> Sequence[Message]:
    """As `MessageRepository.unseen`. Raises `Unavailable`."""
    async with driver_connection(engine) as connection:
        side = await connection.fetchrow(_SIDE, session_id, reader)
        if side is None:
            return []
        rows = await connection.fetch(_UNSEEN, session_id, side["peer"], max(side["seen_to"], after), limit)
    if after > side["seen_to"]:  # what lies between was not looked at
        return [message_of(row) for row in rows]
    # no further than the `last_seq` read first: what came after it may not have been looked at
    passed = min(rows[0]["seq"] - 1, side["last_seq"]) if rows else side["last_seq"]
    if passed - side["seen_to"] >= WORTH_A_WRITE:
        with suppress(Unavailable):
            async with driver_connection(engine) as connection:
                await connection.execute(_MOVE, session_id, reader, passed)
    return [message_of(row) for row in rows]
