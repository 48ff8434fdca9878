"""Which messages are unread for one side of a session (contract, section 15)."""

from typing import NamedTuple

from domain.identifiers import ProfileId
from domain.message import Message
from domain.rules.visibility import is_visible


class ReadMarks(NamedTuple):
    """`read_to` is the reader's own mark, which may go back behind `seen_to`, up to where messages were truly seen."""

    read_to: int = 0
    seen_to: int = 0


def seen(marks: ReadMarks, up_to: int) -> ReadMarks:
    """The marks after messages were seen up to `up_to`."""
    return ReadMarks(max(marks.read_to, up_to), max(marks.seen_to, up_to))


def mark_unread(marks: ReadMarks, from_seq: int) -> ReadMarks:
    """The marks after the reader has marked messages from `from_seq` on as unread."""
    return marks._replace(read_to=min(marks.read_to, from_seq - 1))


def is_unread(message: Message, reader: ProfileId, marks: ReadMarks) -> bool:
    """Whether the message counts for `reader`. One that was seen beyond `seen_to` was seen by an older service."""
    if message.sender_id == reader or message.seq <= marks.read_to or not is_visible(message, reader):
        return False
    return not message.seen or message.seq <= marks.seen_to
