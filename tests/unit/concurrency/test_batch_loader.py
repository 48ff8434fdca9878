"""Many questions asked at the same time become one."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from application.concurrency.batch_loader import MAX_KEYS, BatchLoader
from tests.support.eventually import eventually


class Store:
    """Answers with what was true when it was asked; `gate` holds answers up."""

    def __init__(self) -> None:
        self.asked: list[Sequence[int]] = []
        self.known = {number: f"{number}" for number in range(MAX_KEYS * 2) if number % 7}
        self.gate = asyncio.Event()
        self.failure: Exception | None = None

    async def __call__(self, keys: Sequence[int]) -> Mapping[int, str]:
        self.asked.append(keys)
        answers = {key: self.known[key] for key in keys if key in self.known}
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return answers


async def asked(store: Store, gathered: BatchLoader[int, str], *keys: int) -> list["asyncio.Task[str | None]"]:
    """Once the question for the first of them is under way or has to wait."""
    tasks = [asyncio.create_task(gathered(key)) for key in keys]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_concurrent_loads_are_joined() -> None:
    store = Store()
    gathered = BatchLoader(store)
    tasks = await asked(store, gathered, *range(20), *range(20))
    assert store.asked == [list(range(20))]
    store.gate.set()
    assert await asyncio.gather(*tasks) == [store.known.get(number) for number in (*range(20), *range(20))]


async def test_a_question_that_takes_long_holds_up_no_other() -> None:
    store = Store()
    gathered = BatchLoader(store)
    slow = await asked(store, gathered, 1)
    others = await asked(store, gathered, 2, 3)
    assert store.asked == [[1], [2, 3]]
    waiting = await asked(store, gathered, *range(10, 10 + MAX_KEYS + 5))
    store.gate.set()
    await asyncio.gather(*slow, *others, *waiting)
    assert [len(keys) for keys in store.asked] == [1, 2, MAX_KEYS, 5]


async def test_an_answer_is_never_older_than_the_question() -> None:
    store = Store()
    gathered = BatchLoader(store)
    before = await asked(store, gathered, 7)
    store.known[7] = "now it is there"
    after = await asked(store, gathered, 7)
    store.gate.set()
    assert await asyncio.gather(*before, *after) == [None, "now it is there"]


async def test_a_failure_is_raised_in_the_calls_that_share_it_and_in_no_later_one() -> None:
    store = Store()
    gathered = BatchLoader(store)
    store.failure = ConnectionError()
    tasks = await asked(store, gathered, 1, 2)
    store.gate.set()
    assert {type(error) for error in await asyncio.gather(*tasks, return_exceptions=True)} == {ConnectionError}
    store.failure = None
    assert await gathered(1) == "1"


async def test_a_cancelled_caller_does_not_cancel_the_others() -> None:
    store = Store()
    gathered = BatchLoader(store)
    first, second = await asked(store, gathered, 1, 1)
    first.cancel()
    await eventually(first.done)
    store.gate.set()
    assert await second == "1"
    with pytest.raises(asyncio.CancelledError):
        await first
