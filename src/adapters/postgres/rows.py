"""Makes domain objects of rows. A row is anything indexed by column name."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from domain.changes import UNCHANGED, Changes, Reaction
from domain.conversation import Conversation
from domain.email_address import canonical_email
from domain.identifiers import Email
from domain.message import Marks, Message
from domain.outbox import OutboxEntry
from domain.profile import Profile
from domain.session import ChatSession, Pair
from domain.standing import OPEN, Standing

Row = Mapping[str, Any]

STANDING: Final = "closed_at, sender_blocked_at, receiver_blocked_at, sender_profile_id, receiver_profile_id"
"""The columns of `chat_sessions` that say how the two stand."""


def session_of(row: Row) -> ChatSession:
    """Makes a session of a row of `chat_sessions`."""
    pair = Pair(row["sender_profile_id"], row["receiver_profile_id"])
    return ChatSession(row["id"], pair, row["intent"], row["created_at"])


def standing_of(row: Row) -> Standing:
    """How the two stand, of a row of `chat_sessions` with `STANDING`."""
    closed_at, by_sender, by_receiver = row["closed_at"], row["sender_blocked_at"], row["receiver_blocked_at"]
    if closed_at is None and by_sender is None and by_receiver is None:
        return OPEN
    sides = ((row["sender_profile_id"], by_sender), (row["receiver_profile_id"], by_receiver))
    return Standing(closed_at is not None, {blocker: at for blocker, at in sides if at is not None})


def message_of(row: Row) -> Message:
    """Makes a message of a row of `chat_messages`, or of `message_columns.COLUMNS`."""
    return Message(
        row["id"],
        row["session_id"],
        row["seq"],
        row["client_msg_id"],
        row["sender_profile_id"],
        row["content"],
        row["sent_at"],
        row["delivered"],
        row["seen"],
        row["reply_to"],
        _changes_of(row),
        _shown_marks(row),
        row["withheld"],
    )


def _shown_marks(row: Row) -> Marks | None:
    """The marks that the sender is shown. A row without them is one for the receiver."""
    delivered, seen = row["delivered"], row["seen"]
    shown = Marks(row.get("told_delivered", delivered), row.get("told_seen", seen))
    return None if shown == (delivered, seen) else shown


def _changes_of(row: Row) -> Changes:
    hidden_by_sender_at, hidden_by_receiver_at = row["hidden_by_sender_at"], row["hidden_by_receiver_at"]
    if not row["shared_changes"] and hidden_by_sender_at is None and hidden_by_receiver_at is None:
        return UNCHANGED
    return Changes(
        row["shared_changes"],
        row["edited_at"],
        row["deleted_at"],
        hidden_by_sender_at,
        hidden_by_receiver_at,
        () if row["reactions"] is None else msgspec.convert(row["reactions"], tuple[Reaction, ...]),
        row["sent_digest"],
    )


def conversation_of(row: Row) -> Conversation:
    """Makes one side's own state of a session of a row of `chat_conversations`, which may be missing in a join."""
    return Conversation(row["muted_until"], row["archived_to"], row["pinned_at"], row["draft"] or "")


def profile_of(row: Row) -> Profile:
    """Makes a profile of a row of `chat_profiles`. Version 0.1.0 has stored domains in Unicode."""
    email = row["email"]
    canonical = email if email.isascii() else canonical_email(email) or email
    return Profile(row["id"], Email(canonical), row["intent"], row["display_name"])


def entry_of(row: Row) -> OutboxEntry:
    """Makes an outbox entry of a row whose `payload` is text."""
    return OutboxEntry(row["id"], row["destination"], row["payload"], row["created_at"], row["retry_count"])
