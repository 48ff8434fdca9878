"""Draws latency over time, and latency by throughput."""

from pathlib import Path
from statistics import median

from bench.results.report import Phases, Report
from bench.results.svg import Chart, Point

MEDIAN, TAIL = "#2b6cb0", "#c05621"
OVER_TIME, BY_THROUGHPUT = "latency-over-time.svg", "latency-by-throughput.svg"


def draw(report: Report, folder: Path) -> list[Path]:
    """Writes the charts for which there are results into `folder`. Returns the files. Raises OSError."""
    charts = {OVER_TIME: _over_time(report), BY_THROUGHPUT: _by_throughput(report)}
    drawn = {folder / name: chart for name, chart in charts.items() if chart is not None}
    for path, chart in drawn.items():
        path.write_text(chart.render())
    return list(drawn)


def _over_time(report: Report) -> Chart | None:
    """The first repeat of each phase with one instance, one after the other."""
    medians: list[Point] = []
    tails: list[Point] = []
    sections: list[tuple[float, str]] = []
    begin = 0.0
    for name, results in report.alone.items():
        seconds = results[0].outcome.timeline
        if not seconds:
            continue
        sections.append((begin, name))
        medians += [(begin + second.second, second.p50) for second in seconds]
        tails += [(begin + second.second, second.p99) for second in seconds]
        begin += seconds[-1].second + 1
    if not medians:
        return None
    title = f"Latency over time, {report.pairs:,} pairs on {report.server}"
    chart = Chart(title, "seconds, one phase after the other", "ms", begin, _range(medians + tails))
    for at, name in sections:
        chart.add_section(at, name)
    chart.add_line("median", medians, MEDIAN)
    chart.add_line("99th percentile", tails, TAIL)
    return chart


def _by_throughput(report: Report) -> Chart | None:
    """The phases at a rate, and the saturation."""
    medians, tails = (_curve(report.alone, figure) for figure in ("p50", "p99"))
    if not medians:
        return None
    title = f"Latency by throughput, {report.pairs:,} pairs on {report.server}"
    most = max(rate for rate, _ in medians)
    chart = Chart(title, "delivered messages a second", "ms", most, _range(medians + tails))
    chart.add_line("median", medians, MEDIAN, marks=True)
    chart.add_line("99th percentile", tails, TAIL, marks=True)
    return chart


def _curve(phases: Phases, figure: str) -> list[Point]:
    return sorted(
        (median(result.rate for result in results), median(getattr(result.outcome, figure) for result in results))
        for name, results in phases.items()
        if name == "saturation" or name.removesuffix("/s").replace(",", "").isdigit()
    )


def _range(points: list[Point]) -> tuple[float, float]:
    latencies = [y for _, y in points if y > 0] or [1.0]
    return min(latencies), max(latencies)
