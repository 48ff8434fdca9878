"""Collects items into batches, and runs several batches at a time.

When no batch is in progress, an item is run at once, in a batch of its own. Otherwise the next batch begins when it is
full, or when the time that a batch takes, divided by the number of batches at a time, has passed.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Sequence
from time import monotonic
from typing import Generic, TypeVar

from application.concurrency.busy_lane import BusyLane
from application.concurrency.fair_queue import FairQueue
from application.concurrency.job import Job, give_up, settle, units_of
from application.concurrency.throughput import Throughput
from application.ports.clock import Monotonic
from domain.errors import ChatError, SessionBusy, StoreUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

LEAST_PAUSE = 0.005
"""Seconds between the beginnings of two batches that are not full."""
WEIGHT = 0.2
"""The weight of the newest batch in the average time of a batch."""

log = logging.getLogger(__name__)


def _one_lane(item: object) -> Hashable:
    return None


class Batcher(Generic[Item, Result]):
    """Runs items in batches of up to `max_batch`.

    `run` gets items in the order in which they were submitted, and gives one result or `ChatError` for each. When it
    raises a `ChatError`, all items of the batch get that. Up to `at_once` batches are in progress.

    `lane_of` gives the lane of an item: items of one lane keep their order, and are never in two batches at a time.
    Without it all items are in one lane. `owner_of` gives the user to whom an item belongs. `on_batch` gets the
    duration of each batch, in seconds.

    Items for which `run` gives `SessionBusy` wait in `busy`, if there is one, and later items of the same session wait
    behind them. `busy` has the same `clock`.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[Sequence[Item]], Awaitable[Sequence[Result | ChatError]]],
        *,
        max_batch: int,
        max_pending: int,
        at_once: int = 1,
        lane_of: Callable[[Item], Hashable] = _one_lane,
        owner_of: Callable[[Item], Hashable] = _one_lane,
        busy: BusyLane[Item, Result] | None = None,
        on_batch: Callable[[float], None] = lambda seconds: None,
        clock: Monotonic = monotonic,
    ) -> None:
        self._name = name
        self._run = run
        self._max_batch = max_batch
        self._max_pending = max_pending
        self._at_once = at_once
        self._busy = busy
        self._on_batch = on_batch
        self._clock = clock
        self._queue: FairQueue[Item, Result] = FairQueue(lane_of, owner_of)
        self._lanes_in_progress: Counter[Hashable] = Counter()
        self._in_progress: set[asyncio.Task[None]] = set()
        self._items_in_progress = 0
        self._throughput = Throughput(clock=clock)
        self._batch_seconds = 0.0
        self._next_at = 0.0  # when a batch that is not full may begin while others are in progress
        self._is_blocked = False  # all waiting items are in lanes in progress
        self._is_running = self._is_stopping = False
        self._is_scheduled = False
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def submit(self, item: Item, *, waits: bool = True) -> "asyncio.Future[Result]":
        """Adds an item. The future gets its result, or fails with its `ChatError`.

        Unless the item `waits`, the future fails with `SessionBusy` at once when somebody else has locked its session.
        Raises `StoreUnavailable` when `max_pending` items wait, and when the batcher is stopping.
        """
        self._check_room(1)
        job = self._job(item, waits=waits)
        self._enqueue([job])
        return job.answer

    def submit_together(self, items: Sequence[Item]) -> "Sequence[asyncio.Future[Result]]":
        """Does what `submit` does, for all items or none. They are run in one batch, even when that is larger then."""
        self._check_room(len(items))
        jobs = [self._job(item, follows=place > 0) for place, item in enumerate(items)]
        if jobs:
            self._enqueue(jobs)
        return [job.answer for job in jobs]

    @property
    def pending(self) -> int:
        """The number of items without a result. Does not count the items of busy sessions."""
        return len(self._queue) + self._items_in_progress

    def waiting_of(self, owner: Hashable) -> int:
        """The number of items of `owner` whose batch has not begun."""
        return self._queue.of(owner)

    def room_within(self, seconds: float) -> int:
        """How many more items can be submitted so that none waits longer than `seconds` for its result.

        There is always room for the items of `at_once` full batches.
        """
        most = self._throughput.rate * (seconds - self._batch_seconds)
        return max(int(most), self._at_once * self._max_batch) - len(self._queue)

    def start(self) -> None:
        """Starts to run batches. Call it once."""
        self._is_running = True
        self._schedule()
        if self._busy is not None:
            self._busy.start()

    async def stop(self) -> None:
        """Refuses new items, runs those that were submitted, then stops."""
        self._is_stopping = True
        await self._idle.wait()
        self._is_running = False
        if self._busy is not None:
            await self._busy.stop()

    def _check_room(self, count: int) -> None:
        if self._is_stopping:
            raise StoreUnavailable("the service is stopping")
        if len(self._queue) + count > self._max_pending:
            raise StoreUnavailable("too many requests are waiting for the store")

    def _job(self, item: Item, *, follows: bool = False, waits: bool = True) -> Job[Item, Result]:
        return Job(item, asyncio.get_running_loop().create_future(), self._clock(), follows, waits)

    def _enqueue(self, unit: Sequence[Job[Item, Result]]) -> None:
        self._queue.add(unit)
        self._idle.clear()
        self._schedule()

    def _schedule(self) -> None:
        """Begins batches at the end of this turn of the loop, when all items that arrive now are there."""
        if self._is_running and not self._is_scheduled and len(self._in_progress) < self._at_once:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        """Begins as many batches as possible."""
        self._is_scheduled = False
        while self._may_begin():
            taken = self._queue.take(self._max_batch, self._lanes_in_progress)
            self._is_blocked = not taken
            self._next_at = self._clock() + max(LEAST_PAUSE, self._batch_seconds / self._at_once)
            batch = taken if self._busy is None or not self._busy.holds_any else self._busy.divert(taken)
            if batch:
                self._start(batch)
        if not self._queue and not self._in_progress:
            self._idle.set()

    def _may_begin(self) -> bool:
        waiting, in_progress = len(self._queue), len(self._in_progress)
        if not waiting or in_progress >= self._at_once:
            return False
        pause = self._next_at - self._clock()
        if pause <= 0 or not in_progress or (waiting >= self._max_batch and not self._is_blocked):
            return True
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(pause, self._end_pause)
        return False

    def _end_pause(self) -> None:
        self._timer = None
        self._begin()

    def _start(self, batch: Sequence[Job[Item, Result]]) -> None:
        self._lanes_in_progress.update(map(self._queue.lane, batch))
        self._items_in_progress += len(batch)
        task = asyncio.create_task(self._run_batch(batch), name=self._name)
        self._in_progress.add(task)
        task.add_done_callback(lambda done: self._end(done, batch))

    def _end(self, task: "asyncio.Task[None]", batch: Sequence[Job[Item, Result]]) -> None:
        self._in_progress.discard(task)
        self._items_in_progress -= len(batch)
        for job in batch:
            lane = self._queue.lane(job)
            self._lanes_in_progress[lane] -= 1
            if not self._lanes_in_progress[lane]:
                del self._lanes_in_progress[lane]
        if task.cancelled() or task.exception() is not None:
            log.error("%s: a batch failed", self._name, exc_info=None if task.cancelled() else task.exception())
            give_up(batch)
        self._is_blocked = False
        self._begin()

    async def _run_batch(self, batch: Sequence[Job[Item, Result]]) -> None:
        began, is_full = self._clock(), len(batch) >= self._max_batch
        try:
            results: Sequence[Result | ChatError] = await self._run([job.item for job in batch])
        except ChatError as error:
            results = [error] * len(batch)
        else:
            took = self._clock() - began
            self._on_batch(took)
            self._batch_seconds += WEIGHT * (took - self._batch_seconds)
            self._throughput.did(len(batch), was_full=is_full)
        self._settle(batch, results)

    def _settle(self, batch: Sequence[Job[Item, Result]], results: Sequence[Result | ChatError]) -> None:
        busy: list[Job[Item, Result]] = []
        for job, result in zip(batch, results, strict=True):
            if self._busy is not None and job.waits and isinstance(result, SessionBusy):
                busy.append(job)
            else:
                settle(job, result)
        if self._busy is not None and busy:
            for unit in units_of(busy):
                self._busy.add(unit)
