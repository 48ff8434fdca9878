"""Situations of the two of a session, in which each event and call needs an answer (contract, section 16)."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import NamedTuple


class Situation(StrEnum):
    """What has happened before. Ann is the blocker."""

    BLOCKED = "blocked"
    CLOSED = "closed"
    HIDDEN = "hidden"


class Codes(NamedTuple):
    """How a call is answered: with a code, or None when it is done as ever."""

    to_blocker: str | None = None
    to_blocked: str | None = None
    when_closed: str | None = None
    when_hidden: str | None = None

    def of(self, situation: Situation, *, is_blocker: bool) -> str | None:
        """The answer to Ann, who is the blocker, or to Bob."""
        match situation:
            case Situation.BLOCKED:
                return self.to_blocker if is_blocker else self.to_blocked
            case Situation.CLOSED:
                return self.when_closed
            case Situation.HIDDEN:
                return self.when_hidden


DONE = Codes()
WRITES = Codes(to_blocker="you-blocked", when_closed="session-closed")
"""Sends, edits, reactions."""

Step = Callable[[], Awaitable[None]]
