"""Counts durations in buckets."""

from bisect import bisect_left
from collections.abc import Sequence


class Histogram:
    """A histogram of durations.

    `bounds` are the inclusive upper bounds of the buckets, in seconds. `counts` has one more bucket, for longer
    durations. `total` is the sum of all durations in seconds.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Counts one duration."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds
