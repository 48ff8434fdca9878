"""What is told on `/user/queue/events`: one JSON object a MESSAGE (contract, section 12)."""

from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from application.ports.unread import UnreadTotals
from application.wire import fields
from application.wire.blocks import ScopeName
from application.wire.chat_message import ChatMessage
from application.wire.session_summary import SessionSummary
from application.wire.unread import UnreadSummary, summary_of
from domain.blocks import Block
from domain.rules.presence import Presence

At = Annotated[datetime, msgspec.Meta(description="when it was told", extra_json_schema={"format": "date-time"})]

TYPING_SECONDS: Final = 6
"""A client shows that somebody types for so long."""

SyncText = Annotated[
    str,
    msgspec.Meta(
        description="opaque: a position, for `resume-after` and `since`",
        examples=["ZXhhbXBsZQ"],
        extra_json_schema={"minLength": 1, "maxLength": 2_048},
    ),
]


LastSeen = Annotated[
    datetime,
    msgspec.Meta(description="to the minute, where it is known", extra_json_schema={"format": "date-time"}),
]


class MessageEvent(ChatMessage, frozen=True, rename="camel", tag_field="type", tag="message", kw_only=True):
    """A message in its present form: new, edited, deleted, or reacted to. What has a smaller `version` is older."""

    at: At


class DoneEvent(msgspec.Struct, frozen=True, rename="camel", tag_field="type", tag="done", kw_only=True):
    """A command of this connection was done: what REST would have answered."""

    at: At
    command: str
    client_operation_id: fields.OperationKey | UnsetType = UNSET
    status: int
    body: ChatMessage | UnsetType = UNSET


class ReceiptEvent(msgspec.Struct, frozen=True, rename="camel", tag_field="type", tag="receipt", kw_only=True):
    """How far `by` has got in a session: up to these `seq`, which never go back. What is not known is not there."""

    at: At
    session_id: fields.SessionKey
    by: fields.ProfileKey
    delivered_to: fields.UpToSeq | UnsetType = UNSET
    seen_to: fields.UpToSeq | UnsetType = UNSET


class SessionEvent(SessionSummary, frozen=True, rename="camel", tag_field="type", tag="session", kw_only=True):
    """A session as the list of sessions shows it now."""

    at: At

    @classmethod
    def of(cls, summary: SessionSummary, at: datetime) -> "SessionEvent":
        """The event of an entry of the list."""
        return cls(**{name: getattr(summary, name) for name in summary.__struct_fields__}, at=at)


class TypingEvent(msgspec.Struct, frozen=True, rename="camel", tag_field="type", tag="typing", kw_only=True):
    """The other one of a session types or records, or has stopped. It ends `expiresIn` seconds later by itself."""

    at: At
    session_id: fields.SessionKey
    profile_id: fields.ProfileKey
    state: fields.TypingState
    expires_in: Annotated[int, msgspec.Meta(description="seconds")] = TYPING_SECONDS


class PresenceEvent(
    msgspec.Struct, frozen=True, rename="camel", tag_field="type", tag="presence", kw_only=True, omit_defaults=True
):
    """Somebody whom this connection watches is there, is away, or is not there."""

    at: At
    profile_id: fields.ProfileKey
    state: fields.PresenceState
    last_seen_at: Annotated[fields.Moment, msgspec.Meta(description="to the minute, where it is known")] | UnsetType = (
        UNSET
    )

    @classmethod
    def of(cls, profile_id: UUID, presence: Presence, at: datetime) -> "PresenceEvent":
        """The event of a presence that may be told."""
        seen = presence.last_seen_at
        return cls(at=at, profile_id=profile_id, state=presence.state, last_seen_at=UNSET if seen is None else seen)


class UnreadEvent(UnreadSummary, frozen=True, rename="camel", tag_field="type", tag="unread", kw_only=True):
    """How much the user has not read. The latest `at` counts."""

    at: At

    @classmethod
    def of(cls, totals: UnreadTotals, at: datetime) -> "UnreadEvent":
        """The event of totals."""
        summary = summary_of(totals)
        return cls(total=summary.total, sessions=summary.sessions, by_intent=summary.by_intent, at=at)


class BlockEvent(msgspec.Struct, frozen=True, rename="camel", tag_field="type", tag="block", kw_only=True):
    """The user has blocked somebody, or with null ended that. Nobody else is told."""

    at: At
    profile_id: fields.ProfileKey
    scope: ScopeName | None

    @classmethod
    def of(cls, block: Block, at: datetime) -> "BlockEvent":
        """The event of a block."""
        return cls(at=at, profile_id=block.profile_id, scope=block.scope)


class ReadyEvent(msgspec.Struct, frozen=True, rename="camel", tag_field="type", tag="ready", kw_only=True):
    """Everything below `sync` was told on this connection; a later SUBSCRIBE may resume after it."""

    at: At
    sync: SyncText


class ResetEvent(msgspec.Struct, frozen=True, rename="camel", tag_field="type", tag="reset", kw_only=True):
    """The token cannot be resumed after. All follows anew until `ready`: what is not told again is to be dropped."""

    at: At
    reason: str


class _Version(msgspec.Struct):
    version: int = 1


class _Receipt(msgspec.Struct, rename="camel"):
    session_id: UUID
    reader_id: UUID
    up_to_seq: int | None = None
    delivered_up_to_seq: int | None = None


_VERSION: Final = msgspec.json.Decoder(_Version)
_RECEIPT: Final = msgspec.json.Decoder(_Receipt)
_TYPE: Final = '{"type":"'
_IS_TYPING: Final = f'{_TYPE}typing"'
_TYPING: Final = msgspec.json.Decoder(TypingEvent)


def message_event(chat_message: str, at: datetime) -> str:
    """The event of a `ChatMessage` that is encoded already."""
    return f'{{"type":"message","at":"{at.astimezone(UTC).isoformat().replace("+00:00", "Z")}",{chat_message[1:]}'


def event_of_receipt(receipt: str, at: datetime) -> str:
    """The event of a receipt as `/user/queue/receipts` tells it. What was seen was delivered too."""
    decoded = _RECEIPT.decode(receipt)
    delivered_to = decoded.up_to_seq if decoded.delivered_up_to_seq is None else decoded.delivered_up_to_seq
    event = ReceiptEvent(
        at=at,
        session_id=decoded.session_id,
        by=decoded.reader_id,
        delivered_to=UNSET if delivered_to is None else delivered_to,
        seen_to=UNSET if decoded.up_to_seq is None else decoded.up_to_seq,
    )
    return encode_event(event)


def version_of(chat_message: str) -> int:
    """The version of a message that is encoded already, or of its event."""
    return _VERSION.decode(chat_message).version


def event_type_of(body: str) -> str:
    """The type of an encoded event."""
    assert body.startswith(_TYPE), "events are encoded with their type first"
    return body[len(_TYPE) : body.index('"', len(_TYPE))]


def typing_of(body: str) -> TypingEvent | None:
    """The event when it is one of typing, else None."""
    if not body.startswith(_IS_TYPING):
        return None
    try:
        return _TYPING.decode(body)
    except msgspec.DecodeError:
        return None  # that of a later version


def encode_event(event: msgspec.Struct) -> str:
    """The JSON of an event, its type first."""
    return msgspec.json.encode(event).decode()


EVENTS: Final[tuple[type[msgspec.Struct], ...]] = (
    MessageEvent,
    ReceiptEvent,
    SessionEvent,
    UnreadEvent,
    BlockEvent,
    DoneEvent,
    TypingEvent,
    PresenceEvent,
    ReadyEvent,
    ResetEvent,
)
"""The events that are told."""
