"""The sessions of somebody, by their last activity.

No column holds the time of the last message: an index on it would cost every append the update in place of its
session. The index of messages by session and time knows it, for one look-up a session; the sessions of the page alone
are then read in full. With the time of the first page as a bound, each page is of the same order, whatever comes.
"""

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.database import driver_connection
from adapters.postgres.message_columns import COLUMNS, MESSAGES
from adapters.postgres.rows import Row, message_of, session_of
from application.ports.sessions import UNREAD_WINDOW, SessionOverview, SessionPosition
from domain.identifiers import Intent, ProfileId
from domain.message import Message

# A session between two of the readers is seen as its sender sees it.
_SIDES = """
    SELECT s.*, sender_profile_id AS reader, sender_seen_to AS seen_to
    FROM chat_sessions s
    WHERE sender_profile_id = ANY($1::uuid[]) AND ($2::text IS NULL OR intent = $2)
    UNION ALL
    SELECT s.*, receiver_profile_id, receiver_seen_to
    FROM chat_sessions s
    WHERE receiver_profile_id = ANY($1::uuid[]) AND ($2::text IS NULL OR intent = $2)
      AND sender_profile_id <> ALL($1::uuid[])
"""
_PLACES = f"""
    SELECT side.*, coalesce(last.sent_at, side.created_at) AS active_at, coalesce($3::timestamptz, now()) AS as_of
    FROM ({_SIDES}) side LEFT JOIN LATERAL (
        SELECT m.sent_at FROM chat_messages m
        WHERE m.session_id = side.id AND m.sent_at <= coalesce($3::timestamptz, now())
        ORDER BY m.sent_at DESC LIMIT 1
    ) last ON true
"""  # noqa: S608 - made of constants
_PAGE = f"""
    SELECT page.*, unread.count AS unread
    FROM (
        SELECT * FROM ({_PLACES}) place
        WHERE $3::timestamptz IS NULL OR (active_at, id) < ($4::timestamptz, $5::uuid)
        ORDER BY active_at DESC, id DESC LIMIT $6
    ) page CROSS JOIN LATERAL (
        SELECT count(*) FROM chat_messages m
        WHERE m.session_id = page.id AND m.seq > greatest(page.seen_to, page.last_seq - {UNREAD_WINDOW})
          AND m.sender_profile_id <> page.reader AND NOT m.seen
    ) unread
    ORDER BY page.active_at DESC, page.id DESC
"""  # noqa: S608 - made of constants
# The last one that there is: rows may have been deleted by hand.
_LAST = f"""
    SELECT last.* FROM unnest($1::uuid[]) AS page(session_id) CROSS JOIN LATERAL (
        SELECT {COLUMNS} FROM {MESSAGES} WHERE m.session_id = page.session_id ORDER BY m.seq DESC LIMIT 1
    ) last
"""  # noqa: S608 - made of constants


async def overview(
    engine: AsyncEngine,
    readers: Collection[ProfileId],
    intent: Intent | None,
    after: SessionPosition | None,
    limit: int,
) -> Sequence[SessionOverview]:
    """As `SessionRepository.overview`. Raises `Unavailable`."""
    place = (None, None, None) if after is None else (after.as_of, after.active_at, after.session_id)
    async with driver_connection(engine) as connection:
        page = await connection.fetch(_PAGE, list(readers), intent, *place, limit)
        newest = await connection.fetch(_LAST, [row["id"] for row in page])
    last = {row["session_id"]: message_of(row) for row in newest}
    return [_overview(row, last.get(row["id"])) for row in page]


def _overview(row: Row, last: Message | None) -> SessionOverview:
    return SessionOverview(
        session_of(row), row["reader"], row["active_at"], last, row["last_seq"], row["unread"], row["as_of"]
    )
