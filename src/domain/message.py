"""Messages: drafts, stored messages, and the rules for content and repeats."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.changes import UNCHANGED, Changes
from domain.errors import Invalid
from domain.identifiers import ClientMessageId, MessageId, ProfileId, SessionId
from domain.profile import Profile

MAX_CONTENT_LENGTH = 4_000


def check_content(content: str) -> str:
    """Returns `content` unchanged.

    Raises `Invalid` unless it has 1 to 4,000 characters, more than white space, and no NUL or lone surrogate.
    """
    if not 0 < len(content) <= MAX_CONTENT_LENGTH:
        raise Invalid(f"content must have 1 to {MAX_CONTENT_LENGTH} characters", field="content")
    if content.isspace():
        raise Invalid("content must not be white space alone", field="content")
    if "\0" in content:
        raise Invalid("content must not contain NUL", field="content")
    if not content.isascii():
        try:
            content.encode()
        except UnicodeEncodeError:
            raise Invalid("content is not valid Unicode", field="content") from None
    return content


class Draft(NamedTuple):
    """A message that passed every check and is not stored yet.

    The drafts of one `transaction` follow each other. The store takes all of them or none. `reply_to` is the `seq` of
    the message that it answers.
    """

    id: MessageId
    session_id: SessionId
    client_message_id: ClientMessageId
    sender: Profile
    receiver: Profile
    content: str
    transaction: UUID | None = None
    reply_to: int | None = None

    def stored(self, seq: int, sent_at: datetime) -> "Message":
        """The stored message of this draft, as number `seq` of its session."""
        return Message(
            self.id,
            self.session_id,
            seq,
            self.client_message_id,
            self.sender.id,
            self.content,
            sent_at,
            False,
            False,
            self.reply_to,
        )


class Marks(NamedTuple):
    """The marks of a message."""

    delivered: bool
    seen: bool


class Message(NamedTuple):
    """A stored message. `seq` counts 1, 2, 3 … in each session, without gaps.

    `content` is empty once the message is deleted for both. `shown_marks` are what its sender is shown; None where
    nothing of them is hidden. A `withheld` one is for its sender alone: its receiver sees that there is one.
    """

    id: MessageId
    session_id: SessionId
    seq: int
    client_message_id: ClientMessageId
    sender_id: ProfileId
    content: str
    sent_at: datetime
    delivered: bool
    seen: bool
    reply_to: int | None = None
    changes: Changes = UNCHANGED
    shown_marks: Marks | None = None
    withheld: bool = False
