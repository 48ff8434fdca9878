"""Limits log lines about events that may happen a thousand times a second."""

import logging
from time import monotonic

from application.ports.clock import Monotonic

MAX_REMEMBERED = 100


class SeldomLog:
    """Logs a text at once, and its repeats at most once in `every` seconds, with their number."""

    def __init__(self, log: logging.Logger, *, every: float = 60.0, clock: Monotonic = monotonic) -> None:
        self._log = log
        self._every = every
        self._clock = clock
        self._logged: dict[str, tuple[float, int]] = {}
        """When each text was logged last, and how often it was suppressed since then."""

    def __call__(self, level: int, text: str) -> None:
        """Logs `text`, or counts it. There must be few texts, so that none may contain what a client chose."""
        now = self._clock()
        logged_at, repeats = self._logged.get(text, (None, 0))
        if logged_at is not None and now - logged_at < self._every:
            self._logged[text] = (logged_at, repeats + 1)
            return
        if len(self._logged) >= MAX_REMEMBERED:
            self._logged.clear()
        self._logged[text] = (now, 0)
        self._log.log(level, "%s%s", text, f" ({repeats} times more since it was last told)" if repeats else "")
