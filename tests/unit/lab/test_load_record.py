"""The accounts of a phase: each message is refused, or acked and delivered once, and everything else is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.generators.load_record import AT_RECEIVER, AT_SENDER, LoadRecord
from bench.results.percentiles import percentile


def test_a_message_that_was_acked_and_delivered_is_no_fault() -> None:
    record = LoadRecord()
    number = record.send(record.started, on_topic=True)
    record.ack(number, record.started + 0.002)
    record.deliver(number, record.started + 0.004)
    assert record.waits
    record.deliver_copy(number, AT_SENDER)
    record.deliver_copy(number, AT_RECEIVER)
    outcome = record.outcome(1)
    assert (outcome.sent, outcome.acked, outcome.delivered, outcome.missing, outcome.twice) == (1, 1, 1, 0, 0)
    assert outcome.copies == outcome.copies_expected == 2
    assert outcome.ack_p50 == pytest.approx(2, abs=0.1)
    assert outcome.p50 == pytest.approx(4, abs=0.1)
    assert not record.waits


def test_a_repeated_ack_or_delivery_is_only_counted() -> None:
    record = LoadRecord()
    number = record.send(record.started, on_topic=True)
    for _ in range(2):
        record.ack(number, record.started + 1)
        record.deliver(number, record.started + 1)
        record.deliver_copy(number, AT_SENDER)
        record.deliver_copy(number, AT_RECEIVER)
    outcome = record.outcome(1)
    assert (outcome.acked, outcome.delivered, outcome.copies, outcome.twice) == (1, 1, 2, 4)


def test_a_refused_message_is_not_missing_and_owes_no_copies() -> None:
    record = LoadRecord()
    refused, lost = (record.send(record.started, on_topic=True) for _ in range(2))
    record.refuse(refused, record.started + 0.01, "unavailable", 0.5)
    outcome = record.outcome(1)
    assert (outcome.refused, outcome.missing, outcome.disputed, outcome.copies_expected) == (1, 1, 0, 2)
    assert outcome.refusals == {"unavailable": 1}
    assert outcome.retry_after == (0.5, 0.5)
    assert outcome.refusal_p50 == pytest.approx(10, abs=0.1)
    record.deliver(lost, record.started + 1)


def test_a_message_that_was_refused_and_delivered_is_disputed() -> None:
    record = LoadRecord()
    number = record.send(record.started)
    record.refuse(number, record.started, "unavailable")
    record.deliver(number, record.started)
    outcome = record.outcome(1)
    assert (outcome.disputed, outcome.missing, outcome.retry_after) == (1, 0, None)


def test_goodput_counts_arrivals_while_messages_are_offered() -> None:
    record = LoadRecord()
    for after in (0.5, 1.5, 2.5):
        record.deliver(record.send(record.started), record.started + after)
    assert record.outcome(2).goodput == 1


def test_a_phase_in_seconds_and_minutes() -> None:
    record = LoadRecord()
    for at in (0.1, 0.2, 61.5):
        record.deliver(record.send(record.started + at), record.started + at + 0.005)
    outcome = record.outcome(62)
    assert [(one.second, one.delivered) for one in outcome.timeline] == [(0, 2), (61, 1)]
    assert [(one.second, one.delivered) for one in outcome.minutes] == [(0, 2), (60, 1)]


def test_a_phase_without_a_message_has_figures() -> None:
    outcome = LoadRecord().outcome(1)
    assert (outcome.sent, outcome.p99, outcome.goodput, outcome.timeline) == (0, 0, 0, [])


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_percentile_is_one_of_the_values(values: list[float], share: float) -> None:
    ordered = sorted(values)
    assert percentile(ordered, share) in {round(value, 2) for value in values}
    assert percentile(ordered, 1) == round(ordered[-1], 2)
