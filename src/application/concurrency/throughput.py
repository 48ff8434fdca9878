"""How many items a second are done while more of them wait than one batch takes."""

from collections.abc import Callable
from time import monotonic

GUESS = 5_000.0
WINDOW = 0.1
"""Seconds of such work after which it is measured."""
WEIGHT = 0.3
"""Of the newest measurement."""


class Throughput:
    """`guess` stands until something was measured, in items a second."""

    def __init__(self, guess: float = GUESS, clock: Callable[[], float] = monotonic) -> None:
        self.rate = guess
        self._clock = clock
        self._since: float | None = None
        self._done = 0

    def did(self, count: int, *, was_full: bool) -> None:
        """A batch of `count` items is done; unless it `was_full` there was no more to do."""
        now = self._clock()
        if not was_full:
            self._since = None
            return
        if self._since is None:
            self._since, self._done = now, 0
            return
        self._done += count
        took = now - self._since
        if took >= WINDOW:
            self.rate += WEIGHT * (self._done / took - self.rate)
            self._since, self._done = now, 0
