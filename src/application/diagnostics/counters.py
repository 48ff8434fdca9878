"""What the service has done since its start: plain numbers, read by whoever exposes them."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    outbox_processed: int = 0
    outbox_failed: int = 0
    outbox_dead: int = 0
    duplicates: int = 0
    slow_consumers_closed: int = 0
    broker_rejected: int = 0
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By the route they came, as below, and the code of the error."""
    messages: Counter[str] = field(default_factory=Counter)
    """Accepted for the first time, by the route they came: `http`, `stomp`, `amqp`."""

    def count_broker_rejected(self) -> None:
        self.broker_rejected += 1
