"""The pictures of a run are whole SVG documents, whatever was measured."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.generators.load_record import LoadRecord
from bench.results.phase_result import PhaseResult
from bench.results.plot import BY_THROUGHPUT, OVER_TIME, draw
from bench.results.report import Report
from bench.results.store_counts import StoreCounts
from bench.results.svg import Chart


def _result(latency: float, messages: int = 20) -> PhaseResult:
    record = LoadRecord()
    for number in range(messages):
        at = record.started + number / 10
        record.ack(record.send(at), at + latency)
        record.deliver(number, at + latency)
    return PhaseResult(record.outcome(2), StoreCounts(messages, 0, 0), {"service": 0.1})


def test_two_pictures_of_a_run(tmp_path: Path) -> None:
    report = Report("granian", 1_000)
    for rate, latency in (("1,000/s", 0.004), ("5,000/s", 0.02), ("saturation", 0.3)):
        report.add_alone(rate, _result(latency))
    report.add_alone("a <b> & c", _result(5))
    drawn = draw(report, tmp_path)
    assert [path.name for path in drawn] == [OVER_TIME, BY_THROUGHPUT]
    for path in drawn:
        root = ElementTree.parse(path).getroot()
        lines = root.findall("{http://www.w3.org/2000/svg}polyline")
        assert len(lines) == 2
        assert all(len(line.attrib["points"].split()) >= 3 for line in lines)


def test_nothing_to_draw_is_no_picture(tmp_path: Path) -> None:
    report = Report("granian", 50)
    assert draw(report, tmp_path) == []
    report.add_alone("saturation", _result(0, messages=0))
    assert all(ElementTree.parse(path) for path in draw(report, tmp_path))


@pytest.mark.parametrize("most", [0, 1e-12, 7, 1e9])
@pytest.mark.parametrize("y", [0, 1e-9, 1, 1e12])
def test_odd_values_stay_within_the_picture(most: float, y: float) -> None:
    chart = Chart("t", "x", "y", most, (1, 1))
    chart.add_line("n", [(-1, y), (most, y), (2 * most, y)], "#000", marks=True)
    svg = ElementTree.fromstring(chart.render())
    for dot in svg.findall("{http://www.w3.org/2000/svg}circle"):
        assert 0 <= float(dot.attrib["cx"]) <= 760
        assert 0 <= float(dot.attrib["cy"]) <= 360
