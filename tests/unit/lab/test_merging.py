"""What several load generators saw of one phase adds up."""

import msgspec
import pytest

from bench.generators.load_record import LoadRecord
from bench.results.merging import merged_outcome


def _answer(latencies: list[float]) -> dict[str, object]:
    record = LoadRecord()
    for latency in latencies:
        number = record.send(record.started)
        record.ack(number, record.started + latency)
        record.deliver(number, record.started + latency)
    return {"outcome": msgspec.to_builtins(record.outcome(10)), "latencies": record.latencies()}


def test_counts_add_up_and_percentiles_are_of_all() -> None:
    outcome = merged_outcome([_answer([0.001] * 98), _answer([1.0] * 2)])
    assert (outcome.sent, outcome.acked, outcome.delivered, outcome.missing) == (100, 100, 100, 0)
    assert outcome.p50 == pytest.approx(1, abs=0.1)
    assert outcome.p99 == pytest.approx(1_000, abs=1)
    assert outcome.goodput == pytest.approx(10)


def test_a_generator_without_a_message_changes_nothing() -> None:
    outcome = merged_outcome([_answer([0.002]), _answer([])])
    assert outcome.sent == 1
    assert outcome.p99 == pytest.approx(2, abs=0.1)
