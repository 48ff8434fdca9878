"""Measures how many items a second a batcher can do."""

from time import monotonic

from application.ports.clock import Monotonic

GUESS = 5_000.0
"""Items a second."""
WINDOW = 0.1
"""Seconds of work with full batches that make one measurement."""
WEIGHT = 0.3
"""The weight of the newest measurement in the average."""


class Throughput:
    """Averages the rate of work, in items a second, over the times when all batches were full.

    `rate` is `guess` until something was measured.
    """

    def __init__(self, guess: float = GUESS, clock: Monotonic = monotonic) -> None:
        self.rate = guess
        self._clock = clock
        self._since: float | None = None
        self._done = 0

    def did(self, count: int, *, was_full: bool) -> None:
        """Counts a batch of `count` items that is done. When it was not full, no more items were waiting."""
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
