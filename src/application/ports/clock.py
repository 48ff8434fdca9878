"""The ports for time, so that tests can control it."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeAlias

Monotonic: TypeAlias = Callable[[], float]
"""Tells seconds that only grow, such as `time.monotonic`: how long something takes, or has waited."""


class Clock(Protocol):
    """Tells the current time."""

    def now(self) -> datetime:
        """The current time in UTC, as an aware datetime."""
        ...
