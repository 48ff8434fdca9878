"""What happens to the same thing in a round is work of one call, and what happens meanwhile of the next one."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from application.concurrency.rounds import Rounds
from tests.support.eventually import eventually

INTERVAL = 0.05


class Work:
    """Keeps what it is given; `gate` holds it up."""

    def __init__(self) -> None:
        self.given: list[Mapping[str, int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, part: Mapping[str, int]) -> None:
        self.given.append(part)
        await self.gate.wait()


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
async def rounds(work: Work) -> AsyncIterator[Rounds[str, int]]:
    rounds: Rounds[str, int] = Rounds("rounds", work, interval=INTERVAL, slice_size=2)
    yield rounds
    await rounds.stop()


async def test_the_last_note_of_each_key_is_handed_over_in_slices(rounds: Rounds[str, int], work: Work) -> None:
    for number, key in enumerate("abacb"):
        rounds.note(key, number)
    rounds.start()
    await eventually(lambda: work.given == [{"a": 2, "b": 4}, {"c": 3}])
    assert not rounds.noted


async def test_what_is_noted_during_a_round_waits_for_the_next(rounds: Rounds[str, int], work: Work) -> None:
    work.gate.clear()
    rounds.note("a", 1)
    rounds.start()
    await eventually(lambda: work.given == [{"a": 1}])
    for number in (2, 3):
        rounds.note("a", number)
    began = asyncio.get_running_loop().time()
    work.gate.set()
    await eventually(lambda: work.given == [{"a": 1}, {"a": 3}])
    assert asyncio.get_running_loop().time() - began >= INTERVAL * 0.9
