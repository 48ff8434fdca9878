"""Batches what arrives together, several batches at a time.

An idle system adds no wait: a lone item is a batch of one at once. While batches are under way, the next begins when it
is full, or when its share of the time that a batch takes has passed.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Sequence
from time import monotonic
from typing import Generic, TypeVar

from application.concurrency.busy_lane import BusyLane
from application.concurrency.job import Job, give_up, settle, units_of
from application.concurrency.throughput import Throughput
from application.concurrency.waiting_line import WaitingLine
from domain.errors import ChatError, SessionBusy, StoreUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

LEAST_PAUSE = 0.005
"""Seconds between the beginnings of two batches that are not full."""
WEIGHT = 0.2
"""Of the newest batch in the time that a batch takes."""

log = logging.getLogger(__name__)


def _the_same(item: object) -> Hashable:
    return None


class Batcher(Generic[Item, Result]):
    """`run` gets up to `max_batch` items in the order submitted and gives one result or `ChatError` for each.

    Up to `at_once` batches are under way, and no two with items of one lane: these keep their order. Without `lane_of`
    there is one lane. `owner_of` says whose an item is. `on_batch` is told how many seconds a batch took.

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
        at_once: int = 1,
        lane_of: Callable[[Item], Hashable] = _the_same,
        owner_of: Callable[[Item], Hashable] = _the_same,
        busy: BusyLane[Item, Result] | None = None,
        on_batch: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._name = name
        self._run = run
        self._max_batch = max_batch
        self._max_pending = max_pending
        self._at_once = at_once
        self._busy = busy
        self._on_batch = on_batch
        self._waiting: WaitingLine[Item, Result] = WaitingLine(lane_of, owner_of)
        self._lanes_under_way: Counter[Hashable] = Counter()
        self._under_way: set[asyncio.Task[None]] = set()
        self._items_under_way = 0
        self._throughput = Throughput()
        self._takes = 0.0  # seconds
        self._next_at = 0.0  # when a batch that is not full may begin beside others
        self._is_blocked = False  # all that waits is of lanes under way
        self._is_running = self._is_stopping = False
        self._is_called = False
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def submit(self, item: Item, *, waits: bool = True) -> "asyncio.Future[Result]":
        """The result to come; at once `SessionBusy` for a busy session unless it `waits`.

        Raises `StoreUnavailable` when `max_pending` items wait already, and once it is stopping.
        """
        self._check_room(1)
        job = self._job(item, waits=waits)
        self._enqueue([job])
        return job.answer

    def submit_together(self, items: Sequence[Item]) -> "Sequence[asyncio.Future[Result]]":
        """As `submit`, for all of them or none."""
        self._check_room(len(items))
        jobs = [self._job(item, follows=place > 0) for place, item in enumerate(items)]
        if jobs:
            self._enqueue(jobs)
        return [job.answer for job in jobs]

    @property
    def pending(self) -> int:
        """Items that were submitted and have no result yet, without those of busy sessions."""
        return len(self._waiting) + self._items_under_way

    def waiting_of(self, owner: Hashable) -> int:
        """How many items of that owner are not under way yet."""
        return self._waiting.of(owner)

    def room_within(self, seconds: float) -> int:
        """How many more items may be submitted so that none of them waits longer than `seconds` for its result.

        There is always room for as many as can be under way.
        """
        most = self._throughput.rate * (seconds - self._takes)
        return max(int(most), self._at_once * self._max_batch) - len(self._waiting)

    def start(self) -> None:
        self._is_running = True
        self._begin_soon()
        if self._busy is not None:
            self._busy.start()

    async def stop(self) -> None:
        """Takes nothing more, ends what was submitted, then stops."""
        self._is_stopping = True
        await self._idle.wait()
        self._is_running = False
        if self._busy is not None:
            await self._busy.stop()

    def _check_room(self, count: int) -> None:
        if self._is_stopping:
            raise StoreUnavailable("the service is stopping")
        if len(self._waiting) + count > self._max_pending:
            raise StoreUnavailable("too many requests are waiting for the store")

    def _job(self, item: Item, *, follows: bool = False, waits: bool = True) -> Job[Item, Result]:
        return Job(item, asyncio.get_running_loop().create_future(), follows, waits)

    def _enqueue(self, unit: Sequence[Job[Item, Result]]) -> None:
        self._waiting.add(unit)
        self._idle.clear()
        self._begin_soon()

    def _begin_soon(self) -> None:
        """When what arrives at the same moment is there too."""
        if self._is_running and not self._is_called and len(self._under_way) < self._at_once:
            self._is_called = True
            asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        """Begins as many batches as there may be now."""
        self._is_called = False
        while self._may_begin():
            taken = self._waiting.take(self._max_batch, self._lanes_under_way)
            self._is_blocked = not taken
            self._next_at = monotonic() + max(LEAST_PAUSE, self._takes / self._at_once)
            batch = taken if self._busy is None or not self._busy.holds_any else self._busy.divert(taken)
            if batch:
                self._start(batch)
        if not self._waiting and not self._under_way:
            self._idle.set()

    def _may_begin(self) -> bool:
        waiting, under_way = len(self._waiting), len(self._under_way)
        if not waiting or under_way >= self._at_once:
            return False
        pause = self._next_at - monotonic()
        if pause <= 0 or not under_way or (waiting >= self._max_batch and not self._is_blocked):
            return True
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(pause, self._end_pause)
        return False

    def _end_pause(self) -> None:
        self._timer = None
        self._begin()

    def _start(self, batch: Sequence[Job[Item, Result]]) -> None:
        self._lanes_under_way.update(map(self._waiting.lane, batch))
        self._items_under_way += len(batch)
        task = asyncio.create_task(self._carry(batch), name=self._name)
        self._under_way.add(task)
        task.add_done_callback(lambda done: self._end(done, batch))

    def _end(self, task: "asyncio.Task[None]", batch: Sequence[Job[Item, Result]]) -> None:
        self._under_way.discard(task)
        self._items_under_way -= len(batch)
        for job in batch:
            lane = self._waiting.lane(job)
            self._lanes_under_way[lane] -= 1
            if not self._lanes_under_way[lane]:
                del self._lanes_under_way[lane]
        if task.cancelled() or task.exception() is not None:
            log.error("%s: a batch failed", self._name, exc_info=None if task.cancelled() else task.exception())
            give_up(batch)
        self._is_blocked = False
        self._begin()

    async def _carry(self, batch: Sequence[Job[Item, Result]]) -> None:
        began, is_full = monotonic(), len(batch) >= self._max_batch
        try:
            results: Sequence[Result | ChatError] = await self._run([job.item for job in batch])
        except ChatError as error:
            results = [error] * len(batch)
        else:
            took = monotonic() - began
            self._on_batch(took)
            self._takes += WEIGHT * (took - self._takes)
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
