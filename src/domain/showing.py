"""What a user shows of itself to the other side: receipts, typing, presence (contract, section 15)."""

from enum import IntFlag
from typing import Final, NamedTuple

MAX_INTENTS: Final = 100
"""Intents of which a user may have settings."""


class Hidden(IntFlag):
    """What somebody hides. Who hides something does not see it of others either."""

    NOTHING = 0
    SEEN = 1
    DELIVERED = 2
    TYPING = 4
    PRESENCE = 8


class Showing(NamedTuple):
    """The settings of a user."""

    seen_receipts: bool = True
    delivered_receipts: bool = True
    typing: bool = True
    presence: bool = True

    @property
    def hidden(self) -> Hidden:
        """What these settings hide."""
        flags = (Hidden.SEEN, Hidden.DELIVERED, Hidden.TYPING, Hidden.PRESENCE)
        hidden = Hidden.NOTHING
        for shown, flag in zip(self, flags, strict=True):
            if not shown:
                hidden |= flag
        return hidden

    @classmethod
    def of(cls, hidden: Hidden) -> "Showing":
        """The settings that hide this."""
        return cls(*(flag not in hidden for flag in (Hidden.SEEN, Hidden.DELIVERED, Hidden.TYPING, Hidden.PRESENCE)))


EVERYTHING: Final = Showing()


class Receipts(NamedTuple):
    """How far the messages to one side of a session were seen and delivered, and what of it the other side is shown.

    `seen_shown` and `delivered_shown` are None where the other side is shown all.
    """

    seen_to: int = 0
    delivered_to: int = 0
    seen_shown: int | None = None
    delivered_shown: int | None = None

    @property
    def shown_as_seen(self) -> int:
        """The `seq` up to which the other side is shown messages as seen."""
        return self.seen_to if self.seen_shown is None else self.seen_shown

    @property
    def shown_as_delivered(self) -> int:
        """The `seq` up to which the other side is shown messages as delivered. What was seen was delivered."""
        delivered = max(self.delivered_to, self.seen_to) if self.delivered_shown is None else self.delivered_shown
        return max(delivered, self.shown_as_seen)
