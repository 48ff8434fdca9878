"""Messages: what may be sent, when a repeat is a repeat, and what is stored."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.errors import Invalid
from domain.identifiers import ClientMessageId, MessageId, ProfileId, SessionId
from domain.profile import Profile

MAX_CONTENT_LENGTH = 4_000


def check_content(content: str) -> str:
    """`content` unchanged: 1 to 4,000 characters, not white space alone, no NUL or lone surrogate. Raises `Invalid`."""
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
    """A message that passed every check and waits for its place in the session.

    Drafts of one `transaction` follow each other; all of them are stored, or none.
    """

    id: MessageId
    session_id: SessionId
    client_message_id: ClientMessageId
    sender: Profile
    receiver: Profile
    content: str
    transaction: UUID | None = None

    def stored(self, seq: int, sent_at: datetime) -> "Message":
        """The message this draft becomes as number `seq` of its session."""
        return Message(
            self.id, self.session_id, seq, self.client_message_id, self.sender.id, self.content, sent_at, False, False
        )

    def is_repeated_by(self, draft: "Draft") -> bool:
        """As `Message.is_repeated_by`, of the message that this draft becomes."""
        return (
            self.sender.id == draft.sender.id and self.session_id == draft.session_id and self.content == draft.content
        )


class Message(NamedTuple):
    """A stored message. `seq` counts 1, 2, 3 … in its session without a hole."""

    id: MessageId
    session_id: SessionId
    seq: int
    client_message_id: ClientMessageId
    sender_id: ProfileId
    content: str
    sent_at: datetime
    delivered: bool
    seen: bool

    def is_repeated_by(self, draft: Draft) -> bool:
        """Whether `draft`, which carries the same `clientMessageId`, is this message sent again.

        The key alone would let a stranger read a message by guessing its id: sender, session and content must match.
        """
        return (
            self.sender_id == draft.sender.id and self.session_id == draft.session_id and self.content == draft.content
        )
