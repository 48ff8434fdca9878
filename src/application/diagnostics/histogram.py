"""Counts how long something took."""

from bisect import bisect_left
from collections.abc import Sequence


class Histogram:
    """`bounds` are the upper bounds of the buckets in seconds, inclusive; `counts` has one more, for the rest."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds
