"""Figures of the store are read as seldom as their cost asks for."""

import asyncio

from domain.errors import Unavailable
from entrypoints.observability.seldom_read import LONGEST_PAUSE, SeldomRead


class Store:
    """Each reading takes `cost` seconds of its clock."""

    def __init__(self, cost: float) -> None:
        self.time = 0.0
        self.cost = cost
        self.readings = 0
        self.is_away = False
        self.figures = SeldomRead(self.read, 1.0, lambda: self.time)

    async def read(self) -> int:
        self.readings += 1
        self.time += self.cost
        await asyncio.sleep(0)
        if self.is_away:
            raise Unavailable("away")
        return self.readings


async def test_a_cheap_figure_is_read_once_a_pause() -> None:
    store = Store(cost=0.001)
    assert [await store.figures.figure() for _ in range(5)] == [1] * 5
    store.time += 1
    assert await store.figures.figure() == 2


async def test_a_dear_figure_is_read_seldom() -> None:
    store = Store(cost=0.2)
    for _ in range(100):
        await store.figures.figure()
        store.time += 1
    assert store.readings == 5
    store.cost = 1.9
    store.time += LONGEST_PAUSE
    await store.figures.figure()
    store.time += LONGEST_PAUSE
    assert await store.figures.figure() == 7


async def test_concurrent_readers_share_one_read() -> None:
    store = Store(cost=0.001)
    await asyncio.gather(*(store.figures.figure() for _ in range(10)))
    assert store.readings == 1


async def test_a_store_that_is_away_has_no_figure_until_it_is_back() -> None:
    store = Store(cost=0.001)
    assert await store.figures.figure() == 1
    store.is_away = True
    store.time += 1
    assert await store.figures.figure() is None
    store.is_away = False
    store.time += 1
    assert await store.figures.figure() == 3
