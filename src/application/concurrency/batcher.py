"""Batches what arrives together: a batch closes when the one before it has ended.

Under load that needs no timer, and an idle system adds no wait: a lone item is a batch of one at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from application.concurrency.background import BackgroundTask
from application.concurrency.busy_lane import BusyLane
from application.concurrency.job import Job, give_up, settle, units_of
from domain.errors import ChatError, SessionBusy, StoreUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """`run` gets up to `max_batch` items in the order submitted and gives one result or `ChatError` for each.

    What was submitted together comes in one batch, which is larger then if need be.
    When `run` itself raises a `ChatError`, that is every item's result. Items for which it gives `SessionBusy` wait in
    `busy`, when there is one, and what is submitted for the same session waits behind them.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[Sequence[Item]], Awaitable[Sequence[Result | ChatError]]],
        *,
        max_batch: int,
        max_pending: int,
        busy: BusyLane[Item, Result] | None = None,
    ) -> None:
        self._run = run
        self._max_batch = max_batch
        self._max_pending = max_pending
        self._busy = busy
        self._pending: list[Job[Item, Result]] = []
        self._in_hand: list[Job[Item, Result]] = []
        self._stopping = False
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task = BackgroundTask(name, self._loop)

    def submit(self, item: Item, *, waits: bool = True) -> "asyncio.Future[Result]":
        """The result to come; at once `SessionBusy` for a busy session unless it `waits`.

        Raises `StoreUnavailable` when `max_pending` items wait already, and once it is stopping.
        """
        self._check_room(1)
        return self._enqueue(item, waits=waits)

    def submit_together(self, items: Sequence[Item]) -> "Sequence[asyncio.Future[Result]]":
        """As `submit`, for all of them or none."""
        self._check_room(len(items))
        return [self._enqueue(item, follows=place > 0) for place, item in enumerate(items)]

    def _check_room(self, count: int) -> None:
        if self._stopping:
            raise StoreUnavailable("the service is stopping")
        if len(self._pending) + count > self._max_pending:
            raise StoreUnavailable("too many requests are waiting for the store")

    def _enqueue(self, item: Item, *, follows: bool = False, waits: bool = True) -> "asyncio.Future[Result]":
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._pending.append(Job(item, future, follows, waits))
        self._arrived.set()
        self._idle.clear()
        return future

    @property
    def pending(self) -> int:
        """Items that were submitted and have no result yet."""
        return len(self._pending) + len(self._in_hand)

    def start(self) -> None:
        self._task.start()
        if self._busy is not None:
            self._busy.start()

    async def stop(self) -> None:
        """Takes nothing more, ends what was submitted, then stops."""
        self._stopping = True
        await self._idle.wait()
        await self._task.stop()
        if self._busy is not None:
            await self._busy.stop()

    async def _loop(self) -> None:
        give_up(self._in_hand)  # what a failed run left behind
        while True:
            if not self._pending:
                self._idle.set()
                self._arrived.clear()
                await self._arrived.wait()
            self._in_hand = self._take()
            if self._in_hand:
                await self._run_batch(self._in_hand)
            self._in_hand = []

    def _take(self) -> list[Job[Item, Result]]:
        """The next batch, without what waits for a busy session."""
        pending, size = self._pending, self._max_batch
        while size < len(pending) and pending[size].follows:
            size += 1
        batch = pending[:size]
        del pending[:size]
        if self._busy is None or not self._busy.holds_any:
            return batch
        return self._busy.divert(batch)

    async def _run_batch(self, batch: Sequence[Job[Item, Result]]) -> None:
        try:
            results: Sequence[Result | ChatError] = await self._run([job.item for job in batch])
        except ChatError as error:
            results = [error] * len(batch)
        busy: list[Job[Item, Result]] = []
        for job, result in zip(batch, results, strict=True):
            if self._busy is not None and job.waits and isinstance(result, SessionBusy):
                busy.append(job)
            else:
                settle(job, result)
        if self._busy is not None and busy:
            for unit in units_of(busy):
                self._busy.add(unit)
