"""How many messages one side of a session has not read: a counter in the row of the session, or a count.

`domain.rules.unread` has the rule. The counter holds for the `last_seq` and the `seen_to` that it was made for. Where
an older version has written these since, messages are counted, and what somebody had marked as unread counts as read.

The expressions are of a side (see `sides`). The row of the session is `s`.
"""

from typing import Final


def is_unread(message: str, read_to: str, seen_to: str) -> str:
    """Whether a message of the other side, if it is shown, is unread for the side with these marks."""
    return f"({message}.seq > {read_to} AND (NOT {message}.seen OR {message}.seq <= {seen_to}))"


def is_shown(message: str) -> str:
    """Whether its receiver sees the text of a message."""
    return f"({message}.deleted_at IS NULL AND {message}.hidden_by_receiver_at IS NULL AND NOT {message}.withheld)"


SEEN_TO: Final = "s.{side}_seen_to"
IS_COUNTED: Final = """
    (s.{side}_unread IS NOT NULL AND s.unread_seq = s.last_seq AND s.{side}_unread_seen = s.{side}_seen_to)
"""
"""Whether the counter holds."""
READ_TO: Final = """
    CASE WHEN s.{side}_unread_seen = s.{side}_seen_to THEN coalesce(s.{side}_read_to, s.{side}_seen_to)
         ELSE s.{side}_seen_to END
"""
"""The side's own read mark."""
COUNT: Final = f"""
    (SELECT count(*) FROM chat_messages u
     WHERE u.bucket = s.bucket AND u.session_id = s.id AND u.sender_profile_id = s.{{peer}}_profile_id
       AND {is_unread("u", READ_TO, SEEN_TO)} AND {is_shown("u")})
"""  # noqa: S608 - made of constants
"""A count of the messages. Of the same snapshot as the row, it is what the counter has to be."""
UNREAD: Final = f"CASE WHEN {IS_COUNTED} THEN s.{{side}}_unread ELSE {COUNT} END"
"""The counter, or where it does not hold, a count."""
KEEP_OR_FORGET: Final = "CASE WHEN s.unread_seq = s.last_seq THEN s.{side}_unread END"
"""The counter for an update that sets `unread_seq` to `last_seq`: NULL where it did not hold."""
