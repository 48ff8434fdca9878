"""Several batches under way: an item is in one of them, and the items of a lane keep their order."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from application.concurrency.batcher import Batcher
from domain.errors import ChatError, StoreUnavailable
from tests.support.eventually import eventually

AT_ONCE = 3
LANES = st.integers(0, 4)


class Item(NamedTuple):
    lane: int
    number: int


class Store:
    """Each batch ends when it is told to; `begun` are those under way and ended, in the order of their beginning."""

    def __init__(self, *, max_batch: int = 4) -> None:
        self.begun: list[Sequence[Item]] = []
        self.under_way: list[tuple[Sequence[Item], asyncio.Future[None]]] = []
        self.stored: list[Item] = []
        self.batcher: Batcher[Item, Item] = Batcher(
            "test",
            self._run,
            max_batch=max_batch,
            max_pending=1_000,
            at_once=AT_ONCE,
            lane_of=lambda item: item.lane,
            owner_of=lambda item: item.lane,
        )
        self.batcher.start()

    async def _run(self, items: Sequence[Item]) -> Sequence[Item | ChatError]:
        end = asyncio.get_running_loop().create_future()
        lanes = {item.lane for item in items}
        assert all(lanes.isdisjoint(item.lane for item in other) for other, _ in self.under_way)
        assert len(self.under_way) < AT_ONCE
        self.begun.append(items)
        self.under_way.append((items, end))
        try:
            await end
            self.stored += items
        finally:
            self.under_way = [one for one in self.under_way if one[1] is not end]
        return items

    def end(self, which: int, error: Exception | None = None) -> None:
        if self.under_way:
            _, end = self.under_way[which % len(self.under_way)]
            if not end.done():
                end.set_result(None) if error is None else end.set_exception(error)

    async def finish(self, futures: Sequence["asyncio.Future[Item]"]) -> list[Item | BaseException]:
        results = asyncio.gather(*futures, return_exceptions=True)
        while not results.done():
            self.end(0)
            await asyncio.sleep(0)
        await self.batcher.stop()
        return results.result()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.lists(LANES, min_size=1, max_size=1)),
        st.tuples(st.just("together"), st.lists(LANES, min_size=2, max_size=5)),
        st.tuples(st.just("end"), st.lists(st.integers(0, 2), min_size=1, max_size=1)),
        st.tuples(st.just("fail"), st.lists(st.integers(0, 2), min_size=1, max_size=1)),
        st.tuples(st.just("crash"), st.lists(st.integers(0, 2), min_size=1, max_size=1)),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(STEPS)
def test_nothing_is_lost_doubled_or_out_of_order(steps: list[tuple[str, list[int]]]) -> None:
    async def play() -> None:
        store, futures, sent = Store(), list[asyncio.Future[Item]](), list[Item]()
        together: list[set[Item]] = []
        for kind, numbers in steps:
            if kind in ("send", "together"):
                items = [Item(lane, len(sent) + place) for place, lane in enumerate(numbers)]
                sent += items
                together.append(set(items))
                futures += store.batcher.submit_together(items)
            else:
                errors = {"fail": StoreUnavailable(), "crash": RuntimeError("a mistake")}
                store.end(numbers[0], errors.get(kind))
            await asyncio.sleep(0)
        outcomes = await store.finish(futures)
        in_batches = [item for batch in store.begun for item in batch]
        assert sorted(in_batches, key=lambda item: item.number) == sent
        for lane in {item.lane for item in sent}:
            numbers = [item.number for item in in_batches if item.lane == lane]
            assert numbers == sorted(numbers)
        assert all(any(unit <= set(batch) for batch in store.begun) for unit in together)
        done = {outcome for outcome in outcomes if isinstance(outcome, Item)}
        assert done == set(store.stored)
        assert all(isinstance(outcome, Item | StoreUnavailable) for outcome in outcomes)

    asyncio.run(play())


async def test_a_lane_that_hangs_holds_up_no_other() -> None:
    store = Store()
    hanging = store.batcher.submit(Item(0, 1))
    await eventually(lambda: len(store.under_way) == 1)
    behind, others = store.batcher.submit(Item(0, 2)), [store.batcher.submit(Item(lane, 3)) for lane in (1, 2)]
    while not all(other.done() for other in others):
        if len(store.under_way) > 1:
            store.end(1)
        await asyncio.sleep(0)
    assert not hanging.done()
    assert not behind.done()
    assert await store.finish([hanging, behind]) == [Item(0, 1), Item(0, 2)]


async def test_a_lane_with_many_items_leaves_room_for_the_others() -> None:
    store = Store(max_batch=16)
    first = store.batcher.submit(Item(9, 0))
    await eventually(lambda: len(store.under_way) == 1)
    much = [store.batcher.submit(Item(9, number)) for number in range(1, 200)]
    one = store.batcher.submit(Item(1, 0))
    store.end(0)
    await first
    await eventually(lambda: any(Item(1, 0) in batch for batch in store.begun))
    assert len([item for batch in store.begun for item in batch]) <= 1 + 2 * 16
    await store.finish([*much, one])
