"""Logs the outages of what the service depends on: once when one begins, and once when it ends."""

import logging
from time import monotonic

from application.ports.clock import Monotonic

log = logging.getLogger(__name__)


class Outage:
    """The outages of one dependency. `part` begins each log line, such as "the database"."""

    def __init__(self, part: str, *, clock: Monotonic = monotonic) -> None:
        self._part = part
        self._clock = clock
        self._causes: set[str] = set()
        self._began = 0.0

    @property
    def lasts(self) -> bool:
        """Whether there is an outage now."""
        return bool(self._causes)

    def begin(self, cause: str) -> None:
        """Notes that the dependency has failed. Logs each cause once in an outage."""
        if cause in self._causes:
            return
        if not self._causes:
            self._began = self._clock()
        self._causes.add(cause)
        log.warning("%s: %s", self._part, cause)

    def end(self) -> None:
        """Notes that the dependency works. Does nothing when there is no outage."""
        if self._causes:
            log.warning("%s: that is over, after %.1f s", self._part, self._clock() - self._began)
        self._causes.clear()
