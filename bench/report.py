"""The figures of a run, as a table and as JSON."""

import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.stage import PhaseResult

WIDTH = 140


@dataclass
class Report:
    """Floors in frames or messages a second, `idle_bytes` of the service a connection.

    `caught_up` is how long after the broker's return everything sent before it was delivered, in seconds.

    `alone` are the phases of one instance, `across` those of two over RabbitMQ, sender and receiver never on the same.
    """

    server: str
    pairs: int
    echo_floor: float = 0
    insert_floor: float = 0
    idle_bytes: float = 0
    caught_up: float | None = None
    alone: dict[str, PhaseResult] = field(default_factory=dict)
    across: dict[str, PhaseResult] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return all(result.complete for result in (*self.alone.values(), *self.across.values()))

    def figures(self) -> dict[str, Any]:
        return {
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
            "server": self.server,
            "pairs": self.pairs,
            "complete": self.complete,
            "floors": {"echo_per_second": self.echo_floor, "insert_per_second": self.insert_floor},
            "idle_connection_bytes": self.idle_bytes,
            "caught_up_seconds": self.caught_up,
            "alone": _figures(self.alone),
            "across": _figures(self.across),
        }


def _figures(phases: Mapping[str, PhaseResult]) -> dict[str, Any]:
    return {
        name: result.outcome | {"books": asdict(result.books), "cpu_seconds": result.cpu, "complete": result.complete}
        for name, result in phases.items()
    }


def print_report(report: Report) -> None:
    console = Console(width=WIDTH)
    console.print(_table(f"one instance on {report.server}, {report.pairs} pairs of clients", report.alone))
    saturation = report.alone["saturation"].outcome
    if report.insert_floor:
        reached = saturation["delivered"] / saturation["seconds"]
        console.print(
            f"floors in the same run: the batch INSERT alone {report.insert_floor:,.0f}/s (reached "
            f"{reached / report.insert_floor:.0%} of it), a WebSocket echo alone {report.echo_floor:,.0f}/s"
        )
    if report.idle_bytes:
        console.print(f"memory of an idle connection: {report.idle_bytes / 1024:.0f} KiB")
    if report.across:
        console.print(_table("two instances over RabbitMQ, sender and receiver never on the same", report.across))
    if report.caught_up is not None:
        console.print(f"{report.caught_up:.1f} s after the broker's return all was delivered that was sent before it")


def _table(title: str, phases: Mapping[str, PhaseResult]) -> Table:
    """Latency is from the intended send to the receiver's socket; CPU is that of a message."""
    table = Table(title=title)
    processes = list(next(iter(phases.values())).cpu)
    latencies = ("p50 ms", "p99 ms", "max ms", "ack p99 ms")
    for column in ("phase", "delivered/s", *latencies, *(f"{process} µs" for process in processes), "accounts"):
        table.add_column(column, justify="right")
    for name, result in phases.items():
        seen, messages = result.outcome, max(1, result.outcome["sent"])
        table.add_row(
            name,
            f"{seen['delivered'] / seen['seconds']:,.0f}",
            *(f"{seen[figure]:.1f}" for figure in ("p50", "p99", "max", "ack_p99")),
            # a process that was started anew has no figure
            *(f"{max(0, result.cpu[process]) / messages * 1e6:.0f}" for process in processes),
            _accounts(result),
        )
    return table


def _accounts(result: PhaseResult) -> str:
    if result.complete:
        return f"all {result.books.stored:,}"
    seen, books = result.outcome, result.books
    counts = {
        "sent": seen["sent"],
        "stored": books.stored,
        "acked": seen["acked"],
        "delivered": seen["delivered"],
        "twice": seen["duplicates"],
        "refused": seen["refused"],
        "connections lost": seen["connections_lost"],
        "holes": books.holes,
        "owed": books.owed,
    }
    return "[red]" + ", ".join(f"{name} {count}" for name, count in counts.items())
