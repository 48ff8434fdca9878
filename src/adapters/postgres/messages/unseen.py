"""The messages of a session that a reader has not seen, read from the reader's watermark on.

The watermark stays behind a reader who only writes. It is moved here, over messages that are its own or marked as
seen, so that the next look need not read them again.
"""

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.buckets import bucket_of
from adapters.postgres.connection.database import NO_WAIT, driver_connection
from adapters.postgres.rows import message_of
from adapters.postgres.sides import chosen, set_chosen
from adapters.postgres.unread_columns import READ_TO, SEEN_TO, is_shown, is_unread
from domain.errors import Unavailable
from domain.identifiers import ProfileId, SessionId
from domain.message import Message

WORTH_A_WRITE = 100  # messages that need not be read again

_IS_SENDER = "s.sender_profile_id = $2"
_SIDE = f"""
    SELECT last_seq, {chosen(_IS_SENDER, SEEN_TO)} AS seen_to, {chosen(_IS_SENDER, READ_TO)} AS read_to,
           {chosen(_IS_SENDER, "{peer}_profile_id")} AS peer
    FROM chat_sessions s WHERE bucket = $3 AND id = $1 AND $2 IN (sender_profile_id, receiver_profile_id)
"""  # noqa: S608 - made of constants
# The peer is given as a value, so that the planner knows of one who never wrote anything.
_UNSEEN = f"""
    SELECT * FROM chat_messages m
    WHERE m.bucket = $5 AND m.session_id = $1 AND m.sender_profile_id = $2
      AND {is_unread("m", "$3", "$6")} AND {is_shown("m")}
    ORDER BY m.seq LIMIT $4
"""  # noqa: S608 - made of constants
# A deleted message that was not seen is no reason to say that it was.
_FIRST_UNSEEN = """
    SELECT seq FROM chat_messages
    WHERE bucket = $4 AND session_id = $1 AND sender_profile_id = $2 AND seq > $3 AND NOT seen
    ORDER BY seq LIMIT 1
"""
_UNREAD_SEEN = """
    CASE WHEN s.{side}_unread_seen = s.{side}_seen_to THEN greatest(s.{side}_seen_to, $3) ELSE s.{side}_unread_seen END
"""
_MOVE = f"""
    WITH free AS MATERIALIZED (
        SELECT id FROM chat_sessions WHERE bucket = $4 AND id = $1 FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE chat_sessions s SET
        {set_chosen(_IS_SENDER, "{side}_seen_to", "greatest(s.{side}_seen_to, $3)")},
        -- nothing that it passes is unread: the counters hold
        {set_chosen(_IS_SENDER, "{side}_unread_seen", _UNREAD_SEEN)}
    FROM free WHERE s.bucket = $4 AND s.id = free.id AND {NO_WAIT}
"""  # noqa: S608 - made of constants


async def unseen(
    engine: AsyncEngine, session_id: SessionId, reader: ProfileId, limit: int, after: int
) -> Sequence[Message]:
    """Reads what `MessageRepository.unseen` promises. Raises `Unavailable`."""
    bucket = bucket_of(session_id)
    async with driver_connection(engine) as connection:
        side = await connection.fetchrow(_SIDE, session_id, reader, bucket)
        if side is None:
            return []
        rows = await connection.fetch(
            _UNSEEN, session_id, side["peer"], max(side["read_to"], after), limit, bucket, side["seen_to"]
        )
    if after > side["seen_to"] or side["read_to"] < side["seen_to"]:  # what lies between was not looked at
        return [message_of(row) for row in rows]
    # no further than the `last_seq` read first: what came after it may not have been looked at
    passed = min(rows[0]["seq"] - 1, side["last_seq"]) if rows else side["last_seq"]
    if passed - side["seen_to"] >= WORTH_A_WRITE:
        with suppress(Unavailable):
            async with driver_connection(engine) as connection:
                first = await connection.fetchval(_FIRST_UNSEEN, session_id, side["peer"], side["seen_to"], bucket)
                await connection.execute(
                    _MOVE, session_id, reader, passed if first is None else min(passed, first - 1), bucket
                )
    return [message_of(row) for row in rows]
