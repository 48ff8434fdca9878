"""Which parts of the past a claim reads. It reads little at a time, since many dead rows may be there."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import monotonic
from typing import NamedTuple

SLICE = 0.05
"""Seconds of reading after which a sweep pauses."""
COST = 0.01
"""The share of the time that sweeps may take."""
GROWTH = 4
FIRST_LENGTH = timedelta(minutes=1)
LEAST_LENGTH = timedelta(seconds=1)
GREATEST_LENGTH = timedelta(days=30)


class Window(NamedTuple):
    """A span of `next_retry_at` that begins behind `after`. The last window has no beginning: `after` is None."""

    after: datetime | None
    up_to: datetime


class Sweep:
    """Goes back in time, in windows without a gap between them. The last one has no beginning.

    `every` is the least number of seconds between two sweeps; with 0 there is no pause. `clock` gives seconds.
    """

    def __init__(self, every: float, clock: Callable[[], float] = monotonic) -> None:
        self._every = every
        self._clock = clock
        self._length = FIRST_LENGTH
        self._up_to: datetime | None = None
        self._paused_until = float("-inf")
        self._is_first = True

    def windows(self, before: datetime) -> Iterator[Window]:
        """The windows to read now; none during a pause. A new sweep begins at `before`.

        Take the next window once all that was due in the last one is claimed. A window that was not finished comes
        again, in parts.
        """
        began = now = self._clock()
        if now < self._paused_until:
            return
        while True:
            if self._up_to is None:
                self._up_to, self._length = before, FIRST_LENGTH
            length, up_to = self._length, self._up_to
            window = Window(None if length > GREATEST_LENGTH else up_to - length, up_to)
            self._length = max(LEAST_LENGTH, length / GROWTH)
            yield window
            started, now = now, self._clock()
            if now - started <= SLICE:
                self._length = length * GROWTH
            self._up_to = window.after
            if self._up_to is None or (self._every and now - began > SLICE):
                self._pause(now, now - began)
                return

    def _pause(self, now: float, took: float) -> None:
        """The first sweep goes on with the next claim, as entries may have waited for an instance to start."""
        is_whole = self._up_to is None
        if is_whole:
            self._is_first = False
        if self._every and not self._is_first:
            self._paused_until = now + max(took / COST, self._every if is_whole else 0.0)
