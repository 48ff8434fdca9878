"""Outbox entries: deliveries that the service owes for stored messages (contract, section 9)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.identifiers import OutboxId


class OutboxEntry(NamedTuple):
    """A delivery that is not made yet.

    `payload` is the JSON of a `ChatMessage`. `retry_count` is the number of failed tries so far.
    """

    id: OutboxId
    destination: str
    payload: str
    created_at: datetime
    retry_count: int = 0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential back-off: `min(max_backoff, 2^n s)` after the n-th failure. After `max_tries` the entry is dead."""

    max_tries: int
    max_backoff: timedelta

    def delay(self, failures: int) -> timedelta | None:
        """The wait after `failures` failed tries. None means that the entry is dead."""
        if failures >= self.max_tries:
            return None
        return min(self.max_backoff, timedelta(seconds=2 ** min(failures, 30)))
