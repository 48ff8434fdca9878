"""The report of a run: the results of all phases."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.results.machine import MachineNoise, machine_name
from bench.results.phase_result import PhaseResult
from bench.results.store_figures import StoreFigures

Phases = dict[str, list[PhaseResult]]
"""The results of each phase by its name, one for each repeat."""


@dataclass
class Report:
    """Collects results.

    `alone` are the phases with one instance, `across` those with several instances over RabbitMQ, where sender and
    receiver are on different ones. Floors are in frames or messages a second. `idle_bytes` is the memory of the service
    for one connection. `crowd` is the number of connections in a run with `--crowd`, otherwise 0. `growth`
    are stores alone, in a run with `--filled`. `notes` are lines about the whole run.
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
    growth: list[StoreFigures] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether every message is accounted for."""
        return all(result.is_complete for result in self._results())

    @property
    def saturation(self) -> float:
        """Deliveries a second of one instance at its limit. 0 when it was not measured."""
        measured = self.alone.get("saturation")
        return median(result.rate for result in measured) if measured else 0.0

    def add_alone(self, name: str, result: PhaseResult) -> None:
        """Adds the result of a phase with one instance."""
        self.alone.setdefault(name, []).append(result)
        self.noise.measure()

    def add_across(self, name: str, result: PhaseResult) -> None:
        """Adds the result of a phase with several instances."""
        self.across.setdefault(name, []).append(result)
        self.noise.measure()

    def figures(self) -> dict[str, Any]:
        """The report as a JSON document."""
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
            "growth": [store.as_json() for store in self.growth],
        }

    def _results(self) -> Iterator[PhaseResult]:
        for phases in (self.alone, self.across):
            for results in phases.values():
                yield from results


def _figures(phases: Mapping[str, list[PhaseResult]]) -> dict[str, Any]:
    """The figures of each phase's median run, and of all its runs when there are several."""
    figures = {}
    for name, results in phases.items():
        middle = sorted(results, key=lambda result: result.outcome.p99)[len(results) // 2]
        repeats = [result.figures() for result in results] if len(results) > 1 else []
        figures[name] = middle.figures() | {"repeats": repeats}
    return figures
