"""Heart-beat arithmetic (STOMP 1.2, "Heart-beating"). Time comes in as a float of seconds on any one clock."""

import re
from dataclasses import dataclass
from typing import Final, Self

from adapters.stomp.protocol.errors import ProtocolError

BEAT: Final = "\n"
MARGIN: Final = 3.0
"""The peer is lost after this many intervals of silence at least: timers and networks are late at times."""
PATIENCE: Final = 13.0
"""And after this many of the intervals that we ask for, 130 s by default: a browser gives the timers of a hidden tab
one turn a minute, and the beats of such a client may come two minutes apart."""

_HEADER: Final = re.compile(r"([0-9]{1,12}),([0-9]{1,12})")


@dataclass(frozen=True, slots=True)
class HeartBeat:
    """What was agreed, in seconds: `send_every` is our promise, `expect_every` the client's; 0 is off.

    The client is lost after `lost_after` of silence.
    """

    send_every: float
    expect_every: float
    lost_after: float = 0.0

    @classmethod
    def negotiate(cls, header: str | None, offer: tuple[int, int]) -> Self:
        """`header` is the client's `cx,cy`, `offer` our `sx,sy`, in milliseconds; a missing header is `0,0`.

        Raises `ProtocolError` for a header that is not two non-negative integers.
        """
        match = _HEADER.fullmatch("0,0" if header is None else header)
        if match is None:
            raise ProtocolError("heart-beat is not two numbers of milliseconds")
        can, wants = int(match[1]), int(match[2])
        expect_every = _interval(can, offer[1])
        return cls(_interval(offer[0], wants), expect_every, max(MARGIN * expect_every, PATIENCE * offer[1] / 1000))

    def send_due(self, last_sent: float) -> float | None:
        """When a beat has to be sent, if nothing else was since `last_sent`; None for never."""
        return last_sent + self.send_every if self.send_every else None

    def lost_at(self, last_received: float) -> float | None:
        """When the client counts as lost, if nothing at all (any data is a beat) comes until then; None for never."""
        return last_received + self.lost_after if self.expect_every else None


def _interval(sender_can: int, receiver_wants: int) -> float:
    return max(sender_can, receiver_wants) / 1000 if sender_can and receiver_wants else 0.0
