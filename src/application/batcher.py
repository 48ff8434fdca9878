"""Batches what arrives together: a batch closes when the one before it has ended.

Under load that needs no timer, and an idle system adds no wait: a lone item is a batch of one at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from application.background import BackgroundTask
from domain.errors import ChatError, StoreUnavailable, Unavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

_Waiting = tuple[Item, "asyncio.Future[Result]", bool]
_FOLLOWS = 2  # the place of the flag that says: in one batch with the item before


class Batcher(Generic[Item, Result]):
    """`run` gets up to `max_batch` items in the order submitted and gives one result or `ChatError` for each.

    What was submitted together comes in one batch, which is larger then if need be.
    When `run` itself raises a `ChatError`, that is every item's result.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[Sequence[Item]], Awaitable[Sequence[Result | ChatError]]],
        *,
        max_batch: int,
        max_pending: int,
    ) -> None:
        self._run = run
        self._max_batch = max_batch
        self._max_pending = max_pending
        self._pending: list[_Waiting[Item, Result]] = []
        self._in_hand: list[_Waiting[Item, Result]] = []
        self._stopping = False
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task = BackgroundTask(name, self._loop)

    def submit(self, item: Item) -> "asyncio.Future[Result]":
        """The result to come.

        Raises `StoreUnavailable` when `max_pending` items wait already, and once it is stopping.
        """
        self._check_room(1)
        return self._enqueue(item)

    def submit_together(self, items: Sequence[Item]) -> "Sequence[asyncio.Future[Result]]":
        """As `submit`, for all of them or none."""
        self._check_room(len(items))
        return [self._enqueue(item, follows=place > 0) for place, item in enumerate(items)]

    def _check_room(self, count: int) -> None:
        if self._stopping:
            raise StoreUnavailable("the service is stopping")
        if len(self._pending) + count > self._max_pending:
            raise StoreUnavailable("too many requests are waiting for the store")

    def _enqueue(self, item: Item, *, follows: bool = False) -> "asyncio.Future[Result]":
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._pending.append((item, future, follows))
        self._arrived.set()
        self._idle.clear()
        return future

    def start(self) -> None:
        self._task.start()

    async def stop(self) -> None:
        """Takes nothing more, ends what was submitted, then stops."""
        self._stopping = True
        await self._idle.wait()
        await self._task.stop()

    async def _loop(self) -> None:
        self._give_up(self._in_hand)  # what a failed run left behind
        while True:
            if not self._pending:
                self._idle.set()
                self._arrived.clear()
                await self._arrived.wait()
            self._in_hand = self._take()
            await self._run_one(self._in_hand)
            self._in_hand = []

    def _take(self) -> "list[_Waiting[Item, Result]]":
        pending, size = self._pending, self._max_batch
        while size < len(pending) and pending[size][_FOLLOWS]:
            size += 1
        batch = pending[:size]
        del pending[:size]
        return batch

    async def _run_one(self, batch: "Sequence[_Waiting[Item, Result]]") -> None:
        try:
            results: Sequence[Result | ChatError] = await self._run([item for item, _, _ in batch])
        except ChatError as error:
            results = [error] * len(batch)
        for (_, future, _), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, ChatError):
                future.set_exception(result)
            else:
                future.set_result(result)

    def _give_up(self, batch: "Sequence[_Waiting[Item, Result]]") -> None:
        for _, future, _ in batch:
            if not future.done():
                future.set_exception(Unavailable())
