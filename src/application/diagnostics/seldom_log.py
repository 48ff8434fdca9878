"""Log lines about what may happen a thousand times a second."""

import logging
from collections.abc import Callable
from time import monotonic

MAX_REMEMBERED = 100


class SeldomLog:
    """Writes each text at once, and its repeats at most once in `every` seconds, with how many there were."""

    def __init__(self, log: logging.Logger, *, every: float = 60.0, clock: Callable[[], float] = monotonic) -> None:
        self._log = log
        self._every = every
        self._clock = clock
        self._told: dict[str, tuple[float, int]] = {}

    def __call__(self, level: int, text: str) -> None:
        """`text` must be one of few: it must not hold what a stranger chose."""
        now = self._clock()
        told_at, repeats = self._told.get(text, (None, 0))
        if told_at is not None and now - told_at < self._every:
            self._told[text] = (told_at, repeats + 1)
            return
        if len(self._told) >= MAX_REMEMBERED:
            self._told.clear()
        self._told[text] = (now, 0)
        self._log.log(level, "%s%s", text, f" ({repeats} times more since it was last told)" if repeats else "")
