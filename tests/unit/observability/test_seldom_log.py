"""What happens often is logged at once, and then seldom."""

import logging

import pytest

from application.diagnostics.seldom_log import MAX_REMEMBERED, SeldomLog


class Time:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_text_is_logged_once_in_a_while_with_the_number_of_repeats(caplog: pytest.LogCaptureFixture) -> None:
    time = Time()
    tell = SeldomLog(logging.getLogger("test"), every=60, clock=time)
    for _ in range(5):
        tell(logging.WARNING, "it failed")
    tell(logging.ERROR, "something else")
    time.now += 60
    tell(logging.WARNING, "it failed")
    assert caplog.messages == ["it failed", "something else", "it failed (4 times more since it was last told)"]


def test_remembered_keys_are_bounded() -> None:
    tell = SeldomLog(logging.getLogger("test"))
    for number in range(10 * MAX_REMEMBERED):
        tell(logging.DEBUG, str(number))
    assert len(tell._logged) <= MAX_REMEMBERED
