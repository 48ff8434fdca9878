"""The port for what somebody has not read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from application.ports.changes.message_changes import Operation
from domain.identifiers import Email, Intent, ProfileId, SessionId


class UnreadSession(NamedTuple):
    """A session and how many messages of it are unread."""

    session_id: SessionId
    unread: int


@dataclass(frozen=True, slots=True)
class UnreadTotals:
    """How many messages are unread, in how many sessions."""

    total: int
    sessions: int
    by_intent: Mapping[Intent, int]


NOTHING_UNREAD = UnreadTotals(0, 0, {})


class UnreadReading(NamedTuple):
    """Totals by user, and the store's time when they were read: of two readings the later one is the newer one."""

    at: datetime
    totals: Mapping[Email, UnreadTotals]


class UnreadRepository(Protocol):
    """Counts what readers have not read (`domain.rules.unread`). All methods raise `Unavailable`."""

    async def totals(self, readers: Mapping[Email, Collection[ProfileId]]) -> UnreadReading:
        """The totals over the sessions of each user. Sees every commit that returned before the call."""
        ...

    async def sessions(self, readers: Collection[ProfileId], limit: int) -> Sequence[UnreadSession]:
        """The first `limit` sessions of any of `readers` with unread messages, the newest activity first."""
        ...

    async def mark_unread(
        self, session_id: SessionId, reader: ProfileId, from_seq: int, operation: Operation | None = None
    ) -> bool:
        """Moves the reader's own mark back before `from_seq`, and returns whether it was beyond. Durable on return.

        What was truly seen, and what is shown of it, stays. A repeat of an `operation` within `OPERATIONS_KEPT` changes
        nothing. Raises `SessionNotFound`, and what `Operation.repeats` raises.
        """
        ...
