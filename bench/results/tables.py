"""Prints the report as tables."""

from collections.abc import Callable, Iterator, Mapping
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.results.growth_table import growth_table
from bench.results.phase_result import PhaseResult
from bench.results.report import Report

WIDTH = 160


def print_report(report: Report) -> None:
    """Prints the tables and notes of a report."""
    console = Console(width=WIDTH, highlight=False)
    across = "two instances over RabbitMQ, sender and receiver never on the same"
    if report.crowd:
        across = f"{report.crowd:,} clients on several instances over RabbitMQ, on {report.server}"
    for title, phases in (
        (f"one instance on {report.server}, {report.pairs:,} pairs of clients", report.alone),
        (across, report.across),
    ):
        if phases:
            console.print(_table(title, phases))
            for line in _notes(phases):
                console.print(line)
    if report.growth:
        console.print(growth_table(report.growth))
    for line in _lines(report):
        console.print(line)


def _lines(report: Report) -> Iterator[str]:
    if report.insert_floor:
        share = f" (reached {report.saturation / report.insert_floor:.0%} of it)" if report.saturation else ""
        yield (
            f"floors in the same run: the batch INSERT alone {report.insert_floor:,.0f}/s{share},"
            f" a WebSocket echo alone {report.echo_floor:,.0f}/s"
        )
    if report.idle_bytes:
        kind = "a connection that beats and resumes" if report.crowd else "an idle connection"
        yield f"memory of {kind}: {report.idle_bytes / 1024:.0f} KiB"
    noise = report.noise.figures()
    yield (
        f"noise of the machine: the same piece of work took {noise['least_ms']} to {noise['most_ms']} ms"
        f" between the phases (median {noise['median_ms']}), stolen by the host: {noise['stolen_share']:.1%}"
    )
    yield from report.notes


def _table(title: str, phases: Mapping[str, list[PhaseResult]]) -> Table:
    """A table with the medians of the repeats, and for some figures the range.

    Latency is from the intended send to the receiver's socket, CPU time for each message.
    """
    table = Table(title=title)
    processes = list(next(iter(phases.values()))[0].cpu)
    for column in ("phase", "delivered/s", "p50 ms", "p99 ms", "max ms", "ack p99 ms"):
        table.add_column(column, justify="right")
    for process in processes:
        table.add_column(f"{process} µs", justify="right")
    table.add_column("accounts", justify="right")
    for name, results in phases.items():
        table.add_row(
            name,
            _spread(results, lambda result: result.rate, ",.0f"),
            _middle(results, lambda result: result.outcome.p50, ",.1f"),
            _spread(results, lambda result: result.outcome.p99, ",.0f"),
            _middle(results, lambda result: result.outcome.max, ",.0f"),
            _middle(results, lambda result: result.outcome.ack_p99, ",.0f"),
            *(_middle(results, _cost_of(process), ".0f") for process in processes),
            _accounts(results),
        )
    return table


def _notes(phases: Mapping[str, list[PhaseResult]]) -> Iterator[str]:
    for name, results in phases.items():
        for result in results:
            yield from (f"{name}: {note}" for note in result.notes)


def _cost_of(process: str) -> Callable[[PhaseResult], float]:
    return lambda result: result.cost(process)


def _middle(results: list[PhaseResult], figure: Callable[[PhaseResult], float], form: str) -> str:
    return format(median(map(figure, results)), form)


def _spread(results: list[PhaseResult], figure: Callable[[PhaseResult], float], form: str) -> str:
    middle = _middle(results, figure, form)
    if len(results) == 1:
        return middle
    figures = [figure(result) for result in results]
    return f"{middle} ({min(figures):{form}}-{max(figures):{form}})"


def _accounts(results: list[PhaseResult]) -> str:
    faults = [f"{name} {count:,}" for result in results for name, count in result.faults.items()]
    if faults:
        return f"[red]{', '.join(faults)}"
    delivered, refused = (sum(getattr(result.outcome, name) for result in results) for name in ("delivered", "refused"))
    return f"all {delivered:,}" + (f", {refused:,} refused" if refused else "")
