"""Writes the RECEIPTs of a connection, in the order of its frames.

A RECEIPT is cumulative (STOMP 1.2, "RECEIPT"): none is written while an earlier frame is undecided.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic


class Pending:
    """A frame whose outcome is not known yet. `receipt` is its header, or None.

    `held` are the `receipt` headers of frames that are decided with it. They are answered before it.
    """

    __slots__ = ("decided", "held", "receipt", "since")

    def __init__(self, receipt: str | None, held: Sequence[str] = ()) -> None:
        self.receipt = receipt
        self.held = held
        self.since = monotonic()
        self.decided = False

    @property
    def is_asked_for(self) -> bool:
        """Whether the client has asked for a RECEIPT."""
        return self.receipt is not None or bool(self.held)


class Receipts:
    """Tracks the frames of one connection until they are decided. `write` sends the RECEIPT for a `receipt` header."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._pending: deque[Pending] = deque()
        self._advanced = asyncio.Event()

    def expect(self, receipt: str | None, held: Sequence[str] = ()) -> Pending:
        """Tracks a frame. The caller must pass the result to `grant` or `withhold` later."""
        pending = Pending(receipt, held)
        self._pending.append(pending)
        return pending

    def grant(self, pending: Pending) -> None:
        """The frame is carried out, and durable if it has to be."""
        pending.decided = True
        self._advance()

    def withhold(self, pending: Pending) -> None:
        """The frame was refused, and the client told. It gets no RECEIPT."""
        pending.receipt, pending.held = None, ()
        self.grant(pending)

    def answer(self, receipt: str | None) -> None:
        """Answers a frame that is carried out already."""
        if self._pending:
            self.grant(self.expect(receipt))
        elif receipt is not None:
            self._write(receipt)

    def oldest_age(self, now: float) -> float:
        """The time in seconds for which the oldest frame has been undecided."""
        return now - self._pending[0].since if self._pending else 0.0

    @property
    def in_flight(self) -> int:
        """The number of frames that wait for their own outcome, or for that of an earlier frame."""
        return len(self._pending)

    async def wait_until_in_flight_below(self, count: int) -> None:
        """Returns when fewer than `count` frames are in flight."""
        while len(self._pending) >= count:
            self._advanced.clear()
            await self._advanced.wait()

    def _advance(self) -> None:
        pending = self._pending
        while pending and pending[0].decided:
            first = pending.popleft()
            for receipt in first.held:
                self._write(receipt)
            if first.receipt is not None:
                self._write(first.receipt)
        self._advanced.set()
