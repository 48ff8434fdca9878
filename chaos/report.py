"""The report of a run, as text and as JSON."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from chaos.checker import Violation, check, duplicates
from chaos.events import Events
from chaos.observations import Observations
from chaos.plan import Plan
from chaos.testbed.faults import Inflicted

SHOWN = 30


class Report:
    """The violations and counts of a run. `troubles` break no promise, but are worth a look."""

    def __init__(
        self,
        plan: Plan,
        seen: Observations,
        inflicted: Sequence[Inflicted],
        events: Events,
        seconds: float,
        troubles: Sequence[str],
    ) -> None:
        self.plan = plan
        self.seen = seen
        self.inflicted = inflicted
        self.events = events
        self.seconds = seconds
        self.troubles = troubles

    @cached_property
    def violations(self) -> Sequence[Violation]:
        """The broken promises."""
        return check(self.seen)

    @property
    def kinds(self) -> set[str]:
        """The kinds of violations."""
        return {violation.kind for violation in self.violations}

    def counts(self) -> dict[str, int]:
        """Counts of messages, deliveries and the like, by name."""
        witnesses = self.seen.witnesses
        return {
            "clients": len(witnesses),
            "seconds without any ack, at most": self.events.longest_without_ack(),
            "messages sent": sum(len(witness.sent) for witness in witnesses),
            "messages acked": sum(len({ack.client_message_id for ack in witness.acked}) for witness in witnesses),
            "messages stored": len(self.seen.rows),
            "deliveries": sum(witness.seen.total() for witness in witnesses),
            "deliveries that were repeats": sum(duplicates(witness) for witness in witnesses),
            "subscriptions resumed after a seq": sum(len(witness.streams) for witness in witnesses),
        }

    def faults(self) -> Counter[str]:
        """How many faults of each kind there were."""
        return Counter(fault.kind.value for fault in self.inflicted)

    def figures(self) -> dict[str, Any]:
        """The report as a JSON document."""
        return {
            "seed": self.plan.seed,
            "seconds": round(self.seconds, 1),
            "faults": dict(self.faults()),
            "counts": self.counts(),
            "events": dict(self.events.counts),
            "by second": self.events.by_second(),
            "troubles": list(self.troubles),
            "violations": [violation._asdict() for violation in self.violations],
            "timeline": [
                {"kind": fault.kind.value, "target": fault.target, "begun": fault.begun, "healed": fault.healed}
                for fault in self.inflicted
            ],
        }

    def lines(self) -> list[str]:
        """The report as lines of text."""
        faults = self.faults()
        lines = [f"seed {self.plan.seed}, {self.seconds:.0f} s with the settling", "", "faults"]
        lines += [f"  {count:>9,}  {kind}" for kind, count in sorted(faults.items())]
        lines += [f"  {faults.total():>9,}  together", "", "seen"]
        lines += [f"  {count:>9,}  {name}" for name, count in self.counts().items()]
        lines += [f"  {count:>9,}  {name}" for name, count in sorted(self.events.counts.items())]
        lines += ["", *self.troubles] if self.troubles else []
        if not self.violations:
            return [*lines, "", "no violation"]
        kinds = Counter(violation.kind for violation in self.violations)
        lines += ["", f"{len(self.violations)} VIOLATIONS"]
        lines += [f"  {count:>9,}  {kind}" for kind, count in kinds.items()]
        lines += [f"{violation.kind}: {violation.detail}" for violation in self.violations[:SHOWN]]
        return lines
