"""How much a user has not read, in the JSON that clients get (contract, section 15)."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from application.ports.unread import UnreadSession, UnreadTotals
from application.wire import fields


class UnreadSummary(msgspec.Struct, frozen=True, rename="camel"):
    """How many messages are unread, and in how many sessions."""

    total: fields.UnreadCount
    sessions: Annotated[int, msgspec.Meta(description="sessions with unread messages")]
    by_intent: Annotated[dict[str, int], msgspec.Meta(description="messages, by intent")]


class UnreadOfSession(msgspec.Struct, frozen=True, rename="camel"):
    """How many messages of a session are unread."""

    session_id: fields.SessionKey
    unread: fields.UnreadCount


class UnreadCounts(UnreadSummary, frozen=True, rename="camel"):
    """The same with the sessions: at most 200, the newest activity first."""

    by_session: Sequence[UnreadOfSession]


def summary_of(totals: UnreadTotals) -> UnreadSummary:
    """The JSON form of totals."""
    return UnreadSummary(totals.total, totals.sessions, _by_intent(totals))


def counts_of(totals: UnreadTotals, sessions: Sequence[UnreadSession]) -> UnreadCounts:
    """The JSON form of totals and sessions."""
    of_sessions = [UnreadOfSession(session_id, unread) for session_id, unread in sessions]
    return UnreadCounts(totals.total, totals.sessions, _by_intent(totals), of_sessions)


def _by_intent(totals: UnreadTotals) -> dict[str, int]:
    return {str(intent): unread for intent, unread in totals.by_intent.items()}
