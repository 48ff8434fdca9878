"""The machine's clock."""

from datetime import UTC, datetime


class SystemClock:
    """Tells the time of the machine's clock."""

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC)
