"""Outages are told once when they begin, with each cause, and once when they end."""

import pytest

from application.diagnostics.outage import Outage


def test_each_cause_is_told_once_and_the_end_once(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage("the database")
    for cause in ("it is full", "it is full", "it is away", "it is full"):
        outage.begin(cause)
    assert outage.lasts
    outage.end()
    outage.end()
    begun, other, over = caplog.messages
    assert (begun, other) == ("the database: it is full", "the database: it is away")
    assert over.startswith("the database: that is over")
    assert not outage.lasts


def test_the_next_outage_is_told_again(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage("the database")
    for _ in range(2):
        outage.begin("it is away")
        outage.end()
    assert caplog.messages.count("the database: it is away") == 2
