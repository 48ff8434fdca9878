"""Counts events since the start of the service. The metrics read the counts."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Events since the start of this instance."""

    outbox_processed: int = 0
    outbox_failed: int = 0
    outbox_dead: int = 0
    duplicates: int = 0
    slow_consumers_closed: int = 0
    broker_rejected: int = 0
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Refused sends, by route (see `messages`) and by the code of the error."""
    messages: Counter[str] = field(default_factory=Counter)
    """Messages that were stored, without repeats, by route: `http`, `stomp`, `amqp`."""

    def count_broker_rejected(self) -> None:
        """Counts one message of the broker that no instance has signed."""
        self.broker_rejected += 1
