"""A clock that a test controls."""

from datetime import datetime, timedelta


class ManualClock:
    """Tells the time that the test has set."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Moves the time forward, or back for a negative number."""
        self._now += timedelta(seconds=seconds)
