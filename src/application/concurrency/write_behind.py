"""Small facts that are written a moment later, many at once: that something was processed or delivered.

Losing one is allowed: the work it speaks of is then done again, and repeats are harmless.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from application.concurrency.background import BackgroundTask
from domain.errors import Unavailable

Fact = TypeVar("Fact")


class WriteBehind(Generic[Fact]):
    """Hands facts to `write` in batches; `linger` seconds let a batch grow.

    Beyond `max_pending` the oldest are let go.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[Sequence[Fact]], Awaitable[None]],
        *,
        linger: float = 0.05,
        max_batch: int = 2_000,
        max_pending: int = 200_000,
    ) -> None:
        self._write = write
        self._linger = linger
        self._max_batch = max_batch
        self._max_pending = max_pending
        self._pending: list[Fact] = []
        self._added = 0
        self._arrived = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task = BackgroundTask(name, self._loop)

    def add(self, facts: Sequence[Fact]) -> None:
        self._pending.extend(facts)
        self._added += len(facts)
        if len(self._pending) > self._max_pending:
            del self._pending[: len(self._pending) - self._max_pending]
        self._arrived.set()

    def start(self) -> None:
        self._task.start()

    async def stop(self) -> None:
        """Writes what there is, if the store is there, and stops."""
        await self._task.stop()
        await self.flush()

    async def flush(self) -> bool:
        """Returns when everything added before the call is written; False when the store is away (it is kept)."""
        target = self._added
        async with self._writing:
            # what another call wrote while this one waited needs no write more
            while self._pending and self._added - len(self._pending) < target:
                batch = self._pending[: self._max_batch]
                del self._pending[: len(batch)]
                try:
                    await self._write(batch)
                except BaseException as error:
                    self._pending[:0] = batch
                    if isinstance(error, Unavailable):
                        return False
                    raise
        return True

    async def _loop(self) -> None:
        while True:
            await self._arrived.wait()
            await asyncio.sleep(self._linger)
            self._arrived.clear()
            if not await self.flush():
                self._arrived.set()
                await asyncio.sleep(1)
