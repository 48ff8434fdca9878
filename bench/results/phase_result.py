"""The result of a phase: what the clients saw, what the store holds, and the CPU time."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from bench.results.outcome import Outcome
from bench.results.store_counts import StoreCounts


@dataclass(frozen=True)
class PhaseResult:
    """`cpu` is the CPU seconds of each kind of process. `notes` are lines to print below the table."""

    outcome: Outcome
    store: StoreCounts
    cpu: dict[str, float]
    connections_lost: int = 0
    strays: int = 0
    may_refuse: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Deliveries a second, until the last one."""
        return self.outcome.delivered / self.outcome.seconds if self.outcome.seconds else 0.0

    @property
    def faults(self) -> dict[str, int]:
        """Counts broken promises: each message is refused, or stored, acked and delivered once."""
        seen = self.outcome
        accepted = seen.sent - seen.refused
        counts = {
            "not stored": accepted - self.store.stored,
            "not acked": accepted - seen.acked,
            "missing": seen.missing,
            "copies missing": seen.copies_expected - seen.copies,
            "twice": seen.twice,
            "strays": self.strays,
            "refused and delivered": seen.disputed,
            "refused": 0 if self.may_refuse else seen.refused,
            "connections lost": self.connections_lost,
            "sessions with holes": self.store.holes,
            "outbox pending": self.store.outbox_pending,
        }
        return {name: count for name, count in counts.items() if count}

    @property
    def is_complete(self) -> bool:
        """Whether every message is accounted for."""
        return not self.faults

    def cost(self, process: str) -> float:
        """The CPU time of one message in microseconds. 0 when the process was restarted in the phase."""
        return max(0.0, self.cpu[process]) / max(1, self.outcome.sent) * 1e6

    def figures(self) -> dict[str, Any]:
        """The result as a JSON document."""
        seen: dict[str, Any] = msgspec.to_builtins(self.outcome)
        return seen | {
            "store": msgspec.to_builtins(self.store),
            "cpu_seconds": self.cpu,
            "connections_lost": self.connections_lost,
            "complete": self.is_complete,
            "faults": self.faults,
            "notes": self.notes,
        }
