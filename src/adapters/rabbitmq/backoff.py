"""How long to wait before the next try."""

import random


class Backoff:
    """Doubles from `first` to `cap` seconds; full jitter, so that instances do not come back all at once."""

    def __init__(self, first: float, cap: float) -> None:
        self._first = first
        self._cap = cap
        self._failures = 0

    def next(self) -> float:
        """Between zero and the next of the doubling steps, in seconds."""
        ceiling: float = min(self._cap, self._first * 2 ** min(self._failures, 30))
        self._failures += 1
        return random.uniform(0, ceiling)  # noqa: S311 - jitter, not a secret

    def reset(self) -> None:
        self._failures = 0
