"""Negotiates heart-beats, and tells when they are due (STOMP 1.2, "Heart-beating"). Times are in seconds."""

import re
from dataclasses import dataclass
from typing import Final, Self

from adapters.stomp.protocol.errors import ProtocolError

BEAT: Final = "\n"
MARGIN: Final = 3.0
"""A client is lost after so many of its intervals without data: timers and networks may be late."""
PATIENCE: Final = 13.0
"""A client is not lost before so many of our own intervals, which is 130 s by default: a browser runs the timers of a
hidden tab once a minute, so its beats may be two minutes apart."""

_HEADER: Final = re.compile(r"([0-9]{1,12}),([0-9]{1,12})")


@dataclass(frozen=True, slots=True)
class HeartBeat:
    """The agreed intervals in seconds: ours is `send_every`, the client's `expect_every`. 0 means none.

    The client is lost after `lost_after` seconds without data.
    """

    send_every: float
    expect_every: float
    lost_after: float = 0.0

    @classmethod
    def negotiate(cls, header: str | None, offer: tuple[int, int]) -> Self:
        """The result of the client's header `cx,cy` and our `offer` `sx,sy`, in milliseconds. No header means `0,0`.

        Raises `ProtocolError` for a header that is not two non-negative integers.
        """
        match = _HEADER.fullmatch("0,0" if header is None else header)
        if match is None:
            raise ProtocolError("heart-beat is not two numbers of milliseconds")
        offered, wanted = int(match[1]), int(match[2])
        expect_every = _interval(offered, offer[1])
        return cls(_interval(offer[0], wanted), expect_every, max(MARGIN * expect_every, PATIENCE * offer[1] / 1000))

    def send_due(self, last_sent: float) -> float | None:
        """The time of our next beat, when nothing was sent since `last_sent`. None without beats."""
        return last_sent + self.send_every if self.send_every else None

    def lost_at(self, last_received: float) -> float | None:
        """The time when the client is lost, unless it sends any data before. None without beats."""
        return last_received + self.lost_after if self.expect_every else None


def _interval(sender_offers: int, receiver_wants: int) -> float:
    return max(sender_offers, receiver_wants) / 1000 if sender_offers and receiver_wants else 0.0
