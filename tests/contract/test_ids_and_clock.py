"""What every generator of ids and every clock promises."""

from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from adapters.memory.clock import ManualClock
from adapters.system.clock import SystemClock
from adapters.system.ids import Uuid7Generator
from application.ports.clock import Clock
from tests.support.people import NOW


def test_ids_are_unique_increasing_uuids_of_version_7() -> None:
    ids = [Uuid7Generator().new() for _ in range(10_000)]
    assert all(isinstance(one, UUID) and one.version == 7 for one in ids)
    assert len(set(ids)) == len(ids)
    milliseconds = [one.int >> 80 for one in ids]
    assert all(earlier <= later for earlier, later in pairwise(milliseconds))


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock(NOW)])
def test_a_clock_tells_utc_and_does_not_run_backwards(clock: Clock) -> None:
    times = [clock.now() for _ in range(100)]
    assert all(time.utcoffset() == timedelta() for time in times)
    assert times == sorted(times)
