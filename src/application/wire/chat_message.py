"""`ChatMessage`: the JSON of a message in REST answers, STOMP bodies and the outbox (contract, section 5)."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from application.ports.push import Delivery, MessageKey
from application.wire import fields
from domain.identifiers import Email, MessageId, SessionId
from domain.message import Message
from domain.profile import Profile
from domain.rules.visibility import marks_for


class Quote(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """The message that a reply answers, as it is now; `seq` alone where it is not looked up."""

    seq: fields.Seq
    deleted: bool = False
    message_id: fields.MessageKey | UnsetType = UNSET
    sender_id: fields.ProfileKey | UnsetType = UNSET
    content: Annotated[str, msgspec.Meta(description="its first 140 characters")] | UnsetType = UNSET


class Reactions(msgspec.Struct, frozen=True, gc=False):
    """An emoji, and who has put it to the message."""

    emoji: fields.Emoji
    by: Sequence[fields.ProfileKey]


class ChatMessage(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A stored message; all times and numbers are given by the service.

    Of a deleted message `content` says no more than that. What follows `seen` is for clients that know it.
    """

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
    version: fields.Version = 1
    edited_at: fields.Moment | UnsetType = UNSET
    deleted: Annotated[bool, msgspec.Meta(description="there only when it is true")] | UnsetType = UNSET
    deleted_at: fields.Moment | UnsetType = UNSET
    reply_to: Quote | UnsetType = UNSET
    reactions: Sequence[Reactions] | UnsetType = UNSET
    withheld: (
        Annotated[bool, msgspec.Meta(description="sent by somebody whom the caller had blocked; there only when true")]
        | UnsetType
    ) = UNSET

    @classmethod
    def of(cls, message: Message, sender: Profile) -> "ChatMessage":
        """The JSON form of a message as it was sent, with the address and name of its sender, and marks for both."""
        marks = marks_for(message, None)
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
            marks.delivered,
            marks.seen,
            reply_to=UNSET if message.reply_to is None else Quote(message.reply_to),
        )

    def to_json(self) -> str:
        """This message as JSON text."""
        return _ENCODER.encode(self).decode()

    @classmethod
    def from_json(cls, text: str) -> "ChatMessage":
        """Parses JSON text. Raises `msgspec.DecodeError` when it is no `ChatMessage`."""
        return _DECODER.decode(text)

    def key(self) -> MessageKey:
        """The key of this message in a delivery."""
        return MessageKey(MessageId(self.message_id), SessionId(self.session_id), self.seq, Email(self.sender_email))

    def delivery(self, destination: str) -> Delivery:
        """A delivery of this message to `destination`."""
        return Delivery(destination, self.to_json(), self.key(), self.sent_at.timestamp())


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(ChatMessage)
