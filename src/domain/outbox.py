"""Outbox entries: the promise that a stored message is also delivered (contract, section 9)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.identifiers import OutboxId


class OutboxEntry(NamedTuple):
    """One delivery still owed: `payload` is the JSON of a `ChatMessage`, `retry_count` the failed tries so far."""

    id: OutboxId
    destination: str
    payload: str
    created_at: datetime
    retry_count: int = 0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Back-off of `min(cap, 2^n)` seconds after the n-th failure; after `max_tries` the entry is dead."""

    max_tries: int = 10
    cap: timedelta = timedelta(seconds=60)

    def delay(self, failures: int) -> timedelta | None:
        """How long to wait after `failures` failed tries, or None when the entry is dead."""
        if failures >= self.max_tries:
            return None
        return min(self.cap, timedelta(seconds=2 ** min(failures, 30)))
