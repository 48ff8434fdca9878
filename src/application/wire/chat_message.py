"""`ChatMessage`: the one JSON form of a message, in REST answers, STOMP bodies and the outbox (contract, section 5)."""

import msgspec

from application.ports.push import Delivery, MessageKey
from application.wire import fields
from domain.identifiers import Email, MessageId, SessionId
from domain.message import Message
from domain.profile import Profile


class ChatMessage(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A stored message; all times and numbers are given by the service."""

    message_id: fields.MessageKey
    session_id: fields.SessionKey
    seq: fields.Seq
    client_message_id: fields.ClientKey
    sender_id: fields.ProfileKey
    sender_email: fields.PeerAddress
    sender_display_name: fields.DisplayName
    content: fields.Content
    sent_at: fields.Moment
    delivered: bool
    seen: bool

    @classmethod
    def of(cls, message: Message, sender: Profile) -> "ChatMessage":
        return cls(
            message.id,
            message.session_id,
            message.seq,
            message.client_message_id,
            message.sender_id,
            sender.email,
            sender.display_name,
            message.content,
            message.sent_at,
            message.delivered,
            message.seen,
        )

    def to_json(self) -> str:
        return _ENCODER.encode(self).decode()

    @classmethod
    def from_json(cls, text: str) -> "ChatMessage":
        """Raises `msgspec.DecodeError` for anything else."""
        return _DECODER.decode(text)

    def key(self) -> MessageKey:
        return MessageKey(MessageId(self.message_id), SessionId(self.session_id), self.seq, Email(self.sender_email))

    def delivery(self, destination: str) -> Delivery:
        return Delivery(destination, self.to_json(), self.key(), self.sent_at.timestamp())


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(ChatMessage)
