"""The RECEIPTs of one connection, in the order of its frames.

Clients take a RECEIPT as cumulative (STOMP 1.2, "RECEIPT"): none is written while an earlier frame is undecided.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic


class Pending:
    """A frame that is not decided yet; `receipt` is what answers it, None when it asked for none.

    `held` are the receipts of frames that are decided with it, and answered before it.
    """

    __slots__ = ("decided", "held", "receipt", "since")

    def __init__(self, receipt: str | None, held: Sequence[str] = ()) -> None:
        self.receipt = receipt
        self.held = held
        self.since = monotonic()
        self.decided = False

    @property
    def is_asked_for(self) -> bool:
        """Whether the client waits for an answer."""
        return self.receipt is not None or bool(self.held)


class Receipts:
    """`write` sends the RECEIPT for a `receipt` header."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._pending: deque[Pending] = deque()
        self._moved = asyncio.Event()

    def expect(self, receipt: str | None, held: Sequence[str] = ()) -> Pending:
        """A frame whose outcome comes later, by `grant` or `withhold`."""
        pending = Pending(receipt, held)
        self._pending.append(pending)
        return pending

    def grant(self, pending: Pending) -> None:
        """What the frame asked for is done, and durable where it is to last."""
        pending.decided = True
        self._advance()

    def withhold(self, pending: Pending) -> None:
        """The frame was refused, and its sender told: it gets no RECEIPT."""
        pending.receipt, pending.held = None, ()
        self.grant(pending)

    def answer(self, receipt: str | None) -> None:
        """A frame that is done already."""
        if self._pending:
            self.grant(self.expect(receipt))
        elif receipt is not None:
            self._write(receipt)

    def oldest_age(self, now: float) -> float:
        """Seconds that the oldest frame has been undecided."""
        return now - self._pending[0].since if self._pending else 0.0

    @property
    def in_flight(self) -> int:
        """Frames that wait for their outcome or for that of a frame before them."""
        return len(self._pending)

    async def wait_below(self, count: int) -> None:
        """Returns when fewer than `count` are in flight."""
        while len(self._pending) >= count:
            self._moved.clear()
            await self._moved.wait()

    def _advance(self) -> None:
        pending = self._pending
        while pending and pending[0].decided:
            first = pending.popleft()
            for receipt in first.held:
                self._write(receipt)
            if first.receipt is not None:
                self._write(first.receipt)
        self._moved.set()
