"""Rows to domain objects. A row is anything indexed by column name."""

from collections.abc import Mapping
from typing import Any

from domain.email_address import canonical_email
from domain.identifiers import Email
from domain.message import Message
from domain.outbox import OutboxEntry
from domain.profile import Profile
from domain.session import ChatSession, Pair

Row = Mapping[str, Any]


def session_of(row: Row) -> ChatSession:
    pair = Pair(row["sender_profile_id"], row["receiver_profile_id"])
    return ChatSession(row["id"], pair, row["intent"], row["created_at"])


def message_of(row: Row) -> Message:
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
    )


def profile_of(row: Row) -> Profile:
    """Version 0.1.0 has stored domains in Unicode."""
    email = row["email"]
    canonical = email if email.isascii() else canonical_email(email) or email
    return Profile(row["id"], Email(canonical), row["intent"], row["display_name"])


def entry_of(row: Row) -> OutboxEntry:
    """`payload` as text."""
    return OutboxEntry(row["id"], row["destination"], row["payload"], row["created_at"], row["retry_count"])
