"""The bodies that change one's own state of a session, and one's settings (contract, sections 11 and 15)."""

from datetime import UTC, datetime

from msgspec import UNSET, UnsetType

from application.commands import CloseCommand, ConversationCommand, MarkUnreadCommand, SettingsCommand
from application.wire.fields import MAX_SEQ, Draft, FromSeq, GivenSessionKey, IntentName, MutedUntil
from application.wire.requests.commands import CommandRequest
from application.wire.requests.ids import parse_id
from application.wire.user_settings import DeliveredReceipts, Presence, SeenReceipts, Typing
from domain.conversation import KEEP, ConversationChange, Keep
from domain.errors import Invalid
from domain.identifiers import SessionId, parse_intent
from domain.showing import Showing


class StateRequest(CommandRequest, frozen=True, rename="camel", kw_only=True):
    """What is to change of one's own state of a session. What is not named stays as it is."""

    muted_until: MutedUntil | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    draft: Draft | UnsetType | None = UNSET

    def of(self, session_id: str) -> ConversationCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return ConversationCommand(
            session_id=SessionId(parse_id(session_id, "sessionId")),
            email=self.actor(),
            operation_id=self.operation(),
            change=ConversationChange(
                KEEP if self.muted_until is UNSET else _utc(self.muted_until),
                KEEP if self.archived is UNSET else self.archived,
                KEEP if self.pinned is UNSET else self.pinned,
                KEEP if self.draft is UNSET else (self.draft or ""),
            ),
        )


class StateInSession(StateRequest, frozen=True, rename="camel", kw_only=True):
    """The same with its session, as it is sent over STOMP."""

    session_id: GivenSessionKey

    def command(self) -> ConversationCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return self.of(self.session_id)


class UnreadRequest(CommandRequest, frozen=True, rename="camel", kw_only=True):
    """From which message on a session is to be unread for the caller."""

    from_seq: FromSeq

    def of(self, session_id: str) -> MarkUnreadCommand:
        """The command that this request asks for. Raises `Invalid`."""
        if not 1 <= self.from_seq <= MAX_SEQ:
            raise Invalid("fromSeq is no sequence number", field="fromSeq")
        return MarkUnreadCommand(
            session_id=SessionId(parse_id(session_id, "sessionId")),
            email=self.actor(),
            operation_id=self.operation(),
            from_seq=self.from_seq,
        )


class UnreadInSession(UnreadRequest, frozen=True, rename="camel", kw_only=True):
    """The same with its session, as it is sent over STOMP."""

    session_id: GivenSessionKey

    def command(self) -> MarkUnreadCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return self.of(self.session_id)


class CloseRequest(CommandRequest, frozen=True, rename="camel", kw_only=True):
    """Who closes a session. All of it may be left out."""

    def of(self, session_id: str) -> CloseCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return CloseCommand(
            session_id=SessionId(parse_id(session_id, "sessionId")), email=self.actor(), operation_id=self.operation()
        )


class CloseInSession(CloseRequest, frozen=True, rename="camel", kw_only=True):
    """The same with its session, as it is sent over STOMP."""

    session_id: GivenSessionKey

    def command(self) -> CloseCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return self.of(self.session_id)


class SettingsRequest(CommandRequest, frozen=True, rename="camel", kw_only=True):
    """All that the caller shows: what is not named is shown. Without `intent`, for all that have none of their own."""

    intent: IntentName | None = None
    seen_receipts: SeenReceipts = True
    delivered_receipts: DeliveredReceipts = True
    typing: Typing = True
    presence: Presence = True

    def command(self) -> SettingsCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return SettingsCommand(
            email=self.actor(),
            operation_id=self.operation(),
            intent=None if self.intent is None else parse_intent(self.intent),
            showing=Showing(self.seen_receipts, self.delivered_receipts, self.typing, self.presence),
        )


def _utc(time: datetime | None) -> datetime | Keep | None:
    try:
        return None if time is None else time.astimezone(UTC)
    except OverflowError:
        raise Invalid("mutedUntil is beyond the years that there are", field="mutedUntil") from None
