"""The sessions of a user: the pinned ones first, then by their last activity.

The session has the time of its last message, in no index: that would cost every append the update in place of its
session. Writers of version 0.1.0 do not write it, and then the index of messages by session and time knows it. So it
does where there have been messages since the first page. The sessions of the page alone are read in full. With the time
of the first page as a bound, each page is of the same order, whatever comes.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import driver_connection
from adapters.postgres.count_unread import count_unread
from adapters.postgres.message_columns import COLUMNS, MESSAGES
from adapters.postgres.rows import Row, conversation_of, message_of, session_of, standing_of
from adapters.postgres.sessions.shown_marks import SHOWN, SHOWN_SEQ
from adapters.postgres.sides import of_side
from adapters.postgres.unread_columns import IS_COUNTED, UNREAD
from application.ports.sessions import SessionOverview, SessionPosition
from domain.errors import Unavailable
from domain.identifiers import Intent, ProfileId, SessionId
from domain.message import Message
from domain.showing import Hidden

# A session between two of the readers is seen as its sender sees it.
_SIDES = f"""
    SELECT s.*, sender_profile_id AS reader, sender_seen_to AS seen_to, sender_hides AS hides,
           sender_blocked_at IS NOT NULL AS blocks, {SHOWN_SEQ.format(side="sender")} AS shown_seq,
           {SHOWN.format(side="receiver")}
    FROM chat_sessions s
    WHERE sender_profile_id = ANY($1::uuid[]) AND ($2::text IS NULL OR intent = $2)
    UNION ALL
    SELECT s.*, receiver_profile_id, receiver_seen_to, receiver_hides,
           receiver_blocked_at IS NOT NULL, {SHOWN_SEQ.format(side="receiver")},
           {SHOWN.format(side="sender")}
    FROM chat_sessions s
    WHERE receiver_profile_id = ANY($1::uuid[]) AND ($2::text IS NULL OR intent = $2)
      AND sender_profile_id <> ALL($1::uuid[])
"""  # noqa: S608 - made of constants
# What is archived is decided as in `domain.rules.conversations`. A pin that was made after the first page waits for the
# next listing, as it would move its session to a place that is passed.
_PLACES = f"""
    SELECT place.*, c.muted_until, c.archived_to, c.pinned_at, c.draft,
           coalesce(c.pinned_at <= as_of, false) AS is_first,
           c.archived_to IS NOT NULL
               AND (place.shown_seq <= c.archived_to OR coalesce(active_at < c.muted_until, false)) AS is_archived
    FROM (
        SELECT side.*, bound.as_of, coalesce(
            CASE WHEN shown_seq = 0 THEN created_at
                 WHEN last_sent_seq = shown_seq AND last_sent_at <= bound.as_of THEN last_sent_at END,
            (SELECT m.sent_at FROM chat_messages m
             WHERE m.bucket = side.bucket AND m.session_id = side.id
               AND m.sent_at <= least(bound.as_of, CASE WHEN shown_seq < last_seq THEN (
                   SELECT l.sent_at FROM chat_messages l
                   WHERE l.bucket = side.bucket AND l.session_id = side.id AND l.seq = shown_seq) END)
             ORDER BY m.sent_at DESC LIMIT 1),
            created_at
        ) AS active_at
        FROM ({_SIDES}) side CROSS JOIN (SELECT coalesce($3::timestamptz, now()) AS as_of) bound
        WHERE ($7::uuid[] IS NULL OR side.id = ANY($7)) AND NOT (side.blocks AND side.shown_seq = 0)
    ) place LEFT JOIN chat_conversations c
      ON c.profile_id = ANY($1::uuid[]) AND c.profile_id = place.reader AND c.session_id = place.id
"""  # noqa: S608 - made of constants
_PAGE = f"""
    SELECT page.*, now() AS read_at, unread.count AS unread, unread.is_counted
    FROM (
        SELECT * FROM ({_PLACES}) place
        WHERE ($3::timestamptz IS NULL OR (is_first, active_at, id) < ($8::bool, $4::timestamptz, $5::uuid))
          AND ($9::bool IS NULL OR is_archived = $9)
        ORDER BY is_first DESC, active_at DESC, id DESC LIMIT $6
    ) page CROSS JOIN LATERAL (
        SELECT {of_side("sender", UNREAD)} AS count, {of_side("sender", IS_COUNTED)} AS is_counted
        FROM (SELECT page.*) s WHERE s.reader = s.sender_profile_id
        UNION ALL
        SELECT {of_side("receiver", UNREAD)}, {of_side("receiver", IS_COUNTED)}
        FROM (SELECT page.*) s WHERE s.reader <> s.sender_profile_id
    ) unread
    ORDER BY page.is_first DESC, page.active_at DESC, page.id DESC
"""  # noqa: S608 - made of constants
# The last one that there is for the reader: rows may have been deleted by hand.
_LAST = f"""
    SELECT last.*
    FROM unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::bigint[]) AS page(session_id, bucket, reader, shown_seq)
    CROSS JOIN LATERAL (
        SELECT {COLUMNS} FROM {MESSAGES}
        WHERE m.bucket = page.bucket AND m.session_id = page.session_id AND m.seq <= page.shown_seq
          AND (NOT m.withheld OR m.sender_profile_id = page.reader)
        ORDER BY m.seq DESC LIMIT 1
    ) last
"""  # noqa: S608 - made of constants


async def overview(
    engine: AsyncEngine,
    readers: Collection[ProfileId],
    intent: Intent | None,
    after: SessionPosition | None,
    limit: int,
    only: Collection[SessionId] | None,
    archived: bool | None,
) -> Sequence[SessionOverview]:
    """Reads one page of sessions, as `SessionRepository.overview` promises. Raises `Unavailable`."""
    place = (None, None, None) if after is None else (after.as_of, after.active_at, after.session_id)
    is_first = after is not None and after.is_pinned
    asked = (limit, None if only is None else list(only), is_first, archived)
    async with driver_connection(engine) as connection:
        page = await connection.fetch(_PAGE, list(readers), intent, *place, *asked)
        newest = await connection.fetch(
            _LAST, *([row[name] for row in page] for name in ("id", "bucket", "reader", "shown_seq"))
        )
    uncounted = [row["id"] for row in page if not row["is_counted"]]
    if uncounted:
        with suppress(Unavailable):
            await count_unread(engine, uncounted)
    last = {row["session_id"]: message_of(row) for row in newest}
    return [_overview(row, last.get(row["id"])) for row in page]


def _overview(row: Row, last: Message | None) -> SessionOverview:
    return SessionOverview(
        session_of(row),
        row["reader"],
        row["active_at"],
        last,
        row["shown_seq"],
        row["unread"],
        row["as_of"],
        row["read_at"],
        row["peer_delivered_to"],
        row["peer_seen_to"],
        conversation_of(row),
        row["is_first"],
        Hidden(row["hides"]),
        standing_of(row).is_closed,
    )
