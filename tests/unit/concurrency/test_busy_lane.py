"""Items of busy sessions: they wait in order, for a while, and nobody else does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple
from uuid import uuid4

import pytest

from application.concurrency.batcher import Batcher
from application.concurrency.busy_lane import BusyLane
from domain.errors import ChatError, SessionBusy, StoreUnavailable
from domain.identifiers import SessionId
from tests.support.eventually import eventually

ONE, OTHER, THIRD = (SessionId(uuid4()) for _ in range(3))


class Item(NamedTuple):
    session: SessionId
    number: int


class Store:
    """Stores what it is given, but for the sessions that are `locked`."""

    def __init__(self, *, patience: float = 5, max_waiting: int = 100) -> None:
        self.seconds = 0.0
        self.locked: set[SessionId] = set()
        self.stored: list[Item] = []
        self.turns: list[SessionId] = []
        lane: BusyLane[Item, int] = BusyLane(
            "busy",
            self._again,
            lambda item: item.session,
            max_batch=4,
            patience=patience,
            max_waiting=max_waiting,
            clock=self._clock,
        )
        self.batcher: Batcher[Item, int] = Batcher(
            "test", self._run, max_batch=4, max_pending=100, busy=lane, clock=self._clock
        )

    def _clock(self) -> float:
        return self.seconds

    def submit(self, session: SessionId, *numbers: int) -> list["asyncio.Future[int]"]:
        return [self.batcher.submit(Item(session, number)) for number in numbers]

    def numbers(self, session: SessionId) -> list[int]:
        return [item.number for item in self.stored if item.session == session]

    async def _run(self, items: Sequence[Item]) -> Sequence[int | ChatError]:
        await asyncio.sleep(0)
        outcomes: list[int | ChatError] = []
        for item in items:
            if item.session in self.locked:
                outcomes.append(SessionBusy())
            else:
                self.stored.append(item)
                outcomes.append(item.number)
        return outcomes

    async def _again(self, items: Sequence[Item], wait_for: SessionId) -> Sequence[int | ChatError]:
        self.turns.append(wait_for)
        return await self._run(items)


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = Store()
    store.batcher.start()
    yield store
    store.locked.clear()
    await store.batcher.stop()


async def test_the_others_go_on_and_the_order_stays(store: Store) -> None:
    store.locked = {ONE}
    busy = store.submit(ONE, *range(1, 10))
    assert await asyncio.gather(*store.submit(OTHER, *range(1, 10))) == list(range(1, 10))
    busy += store.submit(ONE, 10, 11)
    assert not any(future.done() for future in busy)
    store.locked.clear()
    busy += store.submit(ONE, 12, 13)
    assert await asyncio.gather(*busy) == list(range(1, 14))
    assert store.numbers(ONE) == list(range(1, 14))


async def test_locked_sessions_take_turns(store: Store) -> None:
    store.locked = {ONE, OTHER, THIRD}
    stuck = store.submit(ONE, *range(50)) + store.submit(OTHER, *range(30))
    third = store.submit(THIRD, 1, 2, 3)
    await eventually(lambda: set(store.turns) == {ONE, OTHER, THIRD})
    store.locked = {ONE, OTHER}
    assert await asyncio.gather(*third) == [1, 2, 3]
    assert not any(future.done() for future in stuck)
    store.locked.clear()
    await asyncio.gather(*stuck)
    assert store.numbers(ONE) == list(range(50))


async def test_an_item_that_waits_too_long_fails_together_with_those_behind_it() -> None:
    store = Store(patience=30)
    store.batcher.start()
    store.locked = {ONE}
    first = store.submit(ONE, 1)
    store.seconds = 20
    second = store.submit(ONE, 2)
    await eventually(lambda: len(store.turns) > 3)
    assert not any(future.done() for future in (*first, *second))
    store.seconds = 31
    refused = await asyncio.gather(*first, *second, return_exceptions=True)
    assert all(isinstance(one, StoreUnavailable) for one in refused)
    store.locked.clear()
    assert await asyncio.gather(*store.submit(ONE, 3)) == [3]
    assert store.numbers(ONE) == [3]
    await store.batcher.stop()


async def test_a_locked_session_has_bounded_room() -> None:
    store = Store(max_waiting=5)
    store.batcher.start()
    store.locked = {ONE}
    futures = store.submit(ONE, *range(20))
    await asyncio.gather(*store.submit(OTHER, 1))
    assert [future.done() for future in futures] == [False] * 5 + [True] * 15
    assert all(isinstance(future.exception(), StoreUnavailable) for future in futures[5:])
    store.locked.clear()
    assert await asyncio.gather(*futures[:5]) == [0, 1, 2, 3, 4]
    await store.batcher.stop()


async def test_items_submitted_together_wait_together(store: Store) -> None:
    store.locked = {ONE}
    together = store.batcher.submit_together([Item(ONE, 1), Item(ONE, 2)])
    await asyncio.gather(*store.submit(OTHER, 1))
    behind = store.batcher.submit_together([Item(OTHER, 2), Item(ONE, 3)])
    last = store.submit(OTHER, 3)
    await asyncio.gather(*store.submit(THIRD, 1))
    assert not any(future.done() for future in (*together, *behind, *last))
    store.locked.clear()
    assert await asyncio.gather(*together, *behind, *last) == [1, 2, 2, 3, 3]
    assert (store.numbers(ONE), store.numbers(OTHER)) == ([1, 2, 3], [1, 2, 3])


async def test_an_item_that_does_not_wait_fails_at_once(store: Store) -> None:
    store.locked = {ONE}
    for _ in range(2):
        with pytest.raises(SessionBusy):
            await store.batcher.submit(Item(ONE, 1), waits=False)
    waiting = store.submit(ONE, 2)
    await asyncio.gather(*store.submit(OTHER, 1))
    with pytest.raises(SessionBusy):
        await store.batcher.submit(Item(ONE, 3), waits=False)
    store.locked.clear()
    await asyncio.gather(*waiting)
    assert await store.batcher.submit(Item(ONE, 4), waits=False) == 4
    assert store.numbers(ONE) == [2, 4]


async def test_a_stop_ends_waiting_requests() -> None:
    store = Store(patience=30)
    store.batcher.start()
    store.locked = {ONE}
    futures = store.submit(ONE, 1, 2)
    stopped = asyncio.create_task(store.batcher.stop())
    await eventually(lambda: len(store.turns) > 3)
    assert not stopped.done()
    store.seconds = 31
    await stopped
    assert all(isinstance(future.exception(), StoreUnavailable) for future in futures)
