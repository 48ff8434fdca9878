"""What the use cases are asked to do, whichever way it comes in."""

from dataclasses import dataclass

import msgspec

from domain.identifiers import ClientMessageId, Email, Intent, SessionId


class SendMessageCommand(msgspec.Struct, frozen=True, gc=False):
    session_id: SessionId
    sender_email: Email
    intent: Intent
    content: str
    client_message_id: ClientMessageId


@dataclass(frozen=True, slots=True)
class MarkSeenCommand:
    session_id: SessionId
    reader_email: Email
    intent: Intent
    up_to_seq: int
