"""Batches: their order, their size, and what is submitted together."""

import asyncio
from collections.abc import Sequence

import pytest

from application.concurrency.batcher import Batcher
from domain.errors import Unavailable


class Batches:
    """Records the batches; `gate` holds the first one up, so that the rest gathers."""

    def __init__(self, *, max_batch: int = 3, max_pending: int = 100) -> None:
        self.gate = asyncio.Event()
        self.seen: list[list[int]] = []
        self.batcher: Batcher[int, int] = Batcher("test", self._run, max_batch=max_batch, max_pending=max_pending)

    async def _run(self, items: Sequence[int]) -> Sequence[int]:
        self.seen.append(list(items))
        await self.gate.wait()
        return [-item for item in items]

    async def finish(self, futures: Sequence["asyncio.Future[int]"]) -> list[int]:
        self.batcher.start()
        self.gate.set()
        results = await asyncio.gather(*futures)
        await self.batcher.stop()
        return results


async def test_items_submitted_together_are_in_one_batch() -> None:
    batches = Batches(max_batch=3)
    futures = [batches.batcher.submit(item) for item in (1, 2)]
    futures += batches.batcher.submit_together((3, 4, 5, 6, 7))
    futures.append(batches.batcher.submit(8))
    futures += batches.batcher.submit_together((9, 10))
    assert await batches.finish(futures) == [-item for item in range(1, 11)]
    assert batches.seen == [[1, 2, 3, 4, 5, 6, 7], [8, 9, 10]]


async def test_all_of_them_find_room_or_none() -> None:
    batches = Batches(max_pending=3)
    futures = [batches.batcher.submit(1)]
    with pytest.raises(Unavailable):
        batches.batcher.submit_together((2, 3, 4))
    futures += batches.batcher.submit_together((5, 6))
    assert await batches.finish(futures) == [-1, -5, -6]
