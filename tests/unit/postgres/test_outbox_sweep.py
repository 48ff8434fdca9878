"""A sweep looks at all of the past, and where that takes long a little at a time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from adapters.postgres.outbox.sweep import COST, GROWTH, LEAST_LENGTH, SLICE, Sweep, Window

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
EVERY = 5.0


class Table:
    """Dead entries of so many seconds before now, `density` a second: each takes a microsecond to read."""

    def __init__(self, every: float, dead_seconds: int, density: int) -> None:
        self.time = 0.0
        self.sweep = Sweep(every, lambda: self.time)
        self._dead_from = NOW - timedelta(seconds=dead_seconds)
        self._density = density

    def cost(self, window: Window) -> float:
        oldest = max(self._dead_from, window.after or self._dead_from)
        return max(0.0, (window.up_to - oldest).total_seconds()) * self._density * 1e-6

    def claim(self) -> list[Window]:
        """The windows that one claim looks at, until the sweep pauses."""
        seen = []
        for window in self.sweep.windows(NOW):
            self.time += self.cost(window)
            seen.append(window)
        return seen

    def whole_sweep(self) -> list[Window]:
        seen = self.claim()
        while seen[-1].after is not None:
            self.time += 1
            seen += self.claim()
        return seen


@given(st.sampled_from([0.0, EVERY]), st.integers(0, 20_000), st.integers(0, 10_000))
def test_the_windows_cover_all_of_the_past(every: float, dead_seconds: int, density: int) -> None:
    seen = Table(every, dead_seconds, density).whole_sweep()
    assert seen[0].up_to == NOW
    assert seen[-1].after is None
    assert all(newer.after == older.up_to for newer, older in pairwise(seen))


@given(st.integers(0, 20_000), st.integers(0, 10_000))
def test_a_claim_among_many_dead_is_short(dead_seconds: int, density: int) -> None:
    table = Table(EVERY, dead_seconds, density)
    seen = [table.claim()]
    while seen[-1][-1].after is not None:
        seen.append(table.claim())
    first_of_all = 60 * density * 1e-6
    assert all(sum(map(table.cost, windows)) <= first_of_all + SLICE * (GROWTH + 1) for windows in seen)


def test_a_later_sweep_takes_a_small_part_of_the_time() -> None:
    table = Table(EVERY, 3_600, 3_000)
    table.whole_sweep()
    assert table.claim() == []
    table.time += 1_000
    began, took = table.time, 0.0
    while not (seen := table.claim()) or seen[-1].after is not None:
        took += sum(map(table.cost, seen))
        table.time += 1
    assert took > SLICE
    assert took / (table.time - began) < COST * 1.5


def test_the_next_sweep_begins_after_a_pause() -> None:
    table = Table(EVERY, 0, 0)
    assert table.claim()
    assert table.claim() == []
    table.time += EVERY
    assert table.claim()


def test_a_window_that_was_left_is_looked_at_again_in_parts() -> None:
    sweep = Sweep(EVERY, lambda: 0.0)
    lengths = [next(sweep.windows(NOW)) for _ in range(9)]
    assert {window.up_to for window in lengths} == {NOW}
    assert [window.after for window in lengths][-1] == NOW - LEAST_LENGTH
