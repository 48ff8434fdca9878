"""Commands: what a request asks a use case to do, over any route."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal
from uuid import UUID

import msgspec

from application.ports.changes.message_changes import Operation
from domain.blocks import Scope
from domain.conversation import ConversationChange
from domain.identifiers import ClientMessageId, Email, Intent, MessageId, ProfileId, SessionId
from domain.showing import Showing


class SendMessageCommand(msgspec.Struct, frozen=True, gc=False):
    """Send a message."""

    session_id: SessionId
    sender_email: Email
    intent: Intent
    content: str
    client_message_id: ClientMessageId
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class MarkSeenCommand:
    """Mark all messages to the reader up to and including `up_to_seq` as seen."""

    session_id: SessionId
    reader_email: Email
    intent: Intent
    up_to_seq: int


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Change something. Without `email` it is the calling user who does it."""

    email: Email | None = None
    operation_id: UUID | None = None

    def operation(self, actor: UUID) -> Operation | None:
        """The operation of a command with an `operation_id`. Its digest is of all that is asked for."""
        if self.operation_id is None:
            return None
        asked = msgspec.json.encode([type(self).__name__, self])
        return Operation(ProfileId(actor), self.operation_id, blake2b(asked, digest_size=16).digest())


class SessionCommand(Command, frozen=True, kw_only=True):
    """Change something of a session."""

    session_id: SessionId


class CloseCommand(SessionCommand, frozen=True, kw_only=True):
    """Close a session, for both."""


class ChangeCommand(SessionCommand, frozen=True, kw_only=True):
    """Change a message."""

    message_id: MessageId


class EditCommand(ChangeCommand, frozen=True, kw_only=True):
    """Give a message another text. `version` is the one that the editor has seen."""

    content: str
    version: int | None = None


class DeleteCommand(ChangeCommand, frozen=True, kw_only=True):
    """Delete a message, for both or for the caller alone."""

    for_everyone: bool


class ReactCommand(ChangeCommand, frozen=True, kw_only=True):
    """Put an emoji to a message in place of the caller's last one, or take that away with None."""

    emoji: str | None


class TypingCommand(msgspec.Struct, frozen=True, kw_only=True):
    """Tell the peer what the caller does in a session. Without `email` it is the calling user."""

    session_id: SessionId
    email: Email | None = None
    state: Literal["typing", "recording", "stopped"]


class WatchCommand(msgspec.Struct, frozen=True, kw_only=True):
    """Watch the peers of these sessions, and nobody else. Without `email` it is the calling user."""

    session_ids: tuple[SessionId, ...]
    email: Email | None = None


class ConversationCommand(SessionCommand, frozen=True, kw_only=True):
    """Change one's own state of a session."""

    change: ConversationChange


class MarkUnreadCommand(SessionCommand, frozen=True, kw_only=True):
    """Mark messages from `from_seq` on as unread for oneself."""

    from_seq: int


class BlockCommand(Command, frozen=True, kw_only=True):
    """Block a person, or without a scope end that."""

    profile_id: ProfileId
    scope: Scope | None


class SettingsCommand(Command, frozen=True, kw_only=True):
    """Change what the caller shows of itself: for an intent, or for all that have no settings of their own."""

    intent: Intent | None
    showing: Showing
