"""What a run has measured, for people in tables and for programs in one document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.machine import MachineNoise, machine_name
from bench.phase_result import PhaseResult

Phases = dict[str, list[PhaseResult]]
"""The results of each phase by its name: as many as it was repeated."""


@dataclass
class Report:
    """Floors in frames or messages a second, `idle_bytes` of the service a connection.

    `alone` are the phases of one instance, `across` those of two over RabbitMQ, sender and receiver never on the same.
    `crowd` is how many connections the run is about, if it is about a crowd, whose phases are in `across`. `notes` are
    lines about the run as a whole.
    """

    server: str
    pairs: int
    crowd: int = 0
    noise: MachineNoise = field(default_factory=MachineNoise)
    echo_floor: float = 0
    insert_floor: float = 0
    idle_bytes: float = 0
    alone: Phases = field(default_factory=dict)
    across: Phases = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return all(result.is_complete for result in self._results())

    @property
    def saturation(self) -> float:
        """Deliveries a second of one instance at its limit; 0 before it was measured."""
        measured = self.alone.get("saturation")
        return median(result.rate for result in measured) if measured else 0.0

    def add_alone(self, name: str, result: PhaseResult) -> None:
        self.alone.setdefault(name, []).append(result)
        self.noise.measure()

    def add_across(self, name: str, result: PhaseResult) -> None:
        self.across.setdefault(name, []).append(result)
        self.noise.measure()

    def figures(self) -> dict[str, Any]:
        return {
            "machine": machine_name(),
            "noise": self.noise.figures(),
            "server": self.server,
            "pairs": self.pairs,
            "complete": self.is_complete,
            "floors": {"echo_per_second": self.echo_floor, "insert_per_second": self.insert_floor},
            "idle_connection_bytes": self.idle_bytes,
            "saturation_per_second": self.saturation,
            "notes": self.notes,
            "alone": _figures(self.alone),
            "across": _figures(self.across),
        }

    def _results(self) -> Iterator[PhaseResult]:
        for phases in (self.alone, self.across):
            for results in phases.values():
                yield from results


def _figures(phases: Mapping[str, list[PhaseResult]]) -> dict[str, Any]:
    """The figures of each phase's median run, and of all its runs when there are several."""
    told = {}
    for name, results in phases.items():
        middle = sorted(results, key=lambda result: result.outcome.p99)[len(results) // 2]
        repeats = [result.figures() for result in results] if len(results) > 1 else []
        told[name] = middle.figures() | {"repeats": repeats}
    return told
