"""Outages are told once when they begin, with each cause, and once when they end."""

import pytest

from application.diagnostics.outage import Outage


def test_each_cause_and_the_end_of_an_outage_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    seconds = [10.0]
    outage = Outage("the database", clock=lambda: seconds[0])
    for cause in ("it is full", "it is full", "it is away", "it is full"):
        outage.begin(cause)
        seconds[0] += 1.5
    assert outage.lasts
    outage.end()
    outage.end()
    begun, other, over = caplog.messages
    assert (begun, other) == ("the database: it is full", "the database: it is away")
    assert over == "the database: that is over, after 6.0 s"
    assert not outage.lasts


def test_the_next_outage_is_logged_again(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage("the database")
    for _ in range(2):
        outage.begin("it is away")
        outage.end()
    assert caplog.messages.count("the database: it is away") == 2
