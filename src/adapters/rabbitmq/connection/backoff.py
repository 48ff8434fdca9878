"""Exponential back-off with jitter."""

import random


class Backoff:
    """Doubles from `first` to `cap` seconds, with full jitter, so that instances do not reconnect all at once."""

    def __init__(self, first: float, cap: float) -> None:
        self._first = first
        self._cap = cap
        self._failures = 0

    def next(self) -> float:
        """The next wait in seconds: random, between zero and the next step."""
        ceiling: float = min(self._cap, self._first * 2 ** min(self._failures, 30))
        self._failures += 1
        return random.uniform(0, ceiling)  # noqa: S311 - jitter, not a secret

    def reset(self) -> None:
        """Starts again with the first step."""
        self._failures = 0
