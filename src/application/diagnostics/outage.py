"""Outages of what the service depends on, told in the log once each: when they begin, why, and when they end."""

import logging
from time import monotonic

log = logging.getLogger(__name__)


class Outage:
    """Of one part; `part` begins the log line, as in "the database"."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._causes: set[str] = set()
        self._began = 0.0

    @property
    def lasts(self) -> bool:
        return bool(self._causes)

    def begin(self, cause: str) -> None:
        """The part has failed. A cause is logged once in an outage, however often it is met."""
        if cause in self._causes:
            return
        if not self._causes:
            self._began = monotonic()
        self._causes.add(cause)
        log.warning("%s: %s", self._part, cause)

    def end(self) -> None:
        """The part works. Does nothing when there is no outage."""
        if self._causes:
            log.warning("%s: that is over, after %.1f s", self._part, monotonic() - self._began)
        self._causes.clear()
