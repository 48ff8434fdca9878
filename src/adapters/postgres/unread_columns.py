"""How many messages one side of a session has not read: a counter in the row of the session, or a count.

`domain.rules.unread` has the rule. The counter holds for the `last_seq` and the `seen_to` that it was made for. Where
an older version has written these since, messages are counted, and what somebody had marked as unread counts as read.
"""

from typing import Final

_IS_COUNTED: Final = """
    (s.{side}_unread IS NOT NULL AND s.unread_seq = s.last_seq AND s.{side}_unread_seen = s.{side}_seen_to)
"""
_READ_TO: Final = """
    CASE WHEN s.{side}_unread_seen = s.{side}_seen_to THEN coalesce(s.{side}_read_to, s.{side}_seen_to)
         ELSE s.{side}_seen_to END
"""
_COUNT: Final = """
    (SELECT count(*) FROM chat_messages u
     WHERE u.bucket = s.bucket AND u.session_id = s.id AND u.seq > {read_to}
       AND u.sender_profile_id = s.{peer}_profile_id AND u.deleted_at IS NULL AND u.hidden_by_receiver_at IS NULL
       AND (NOT u.seen OR u.seq <= s.{side}_seen_to))
"""
_PEER: Final = {"sender": "receiver", "receiver": "sender"}


def is_counted(side: str) -> str:
    """Whether the counter of `side` (`sender` or `receiver`) holds. The row of the session is `s`, here and below."""
    return _IS_COUNTED.format(side=side)


def read_to(side: str) -> str:
    """The side's own read mark."""
    return _READ_TO.format(side=side)


def count(side: str) -> str:
    """A count of the messages. Of the same snapshot as the row, it is what the counter has to be."""
    return _COUNT.format(side=side, peer=_PEER[side], read_to=read_to(side))


def unread(side: str) -> str:
    """The counter, or where it does not hold, a count."""
    return f"CASE WHEN {is_counted(side)} THEN s.{side}_unread ELSE {count(side)} END"


def keep_or_forget(side: str) -> str:
    """The counter for an update that sets `unread_seq` to `last_seq`: NULL where it did not hold."""
    return f"CASE WHEN s.unread_seq = s.last_seq THEN s.{side}_unread END"
