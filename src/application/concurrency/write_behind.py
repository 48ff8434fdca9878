"""Writes small facts a moment later, many at once: that something was processed or delivered.

A crash may lose facts. Then the work is done again, and repeats are harmless.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from time import monotonic
from typing import Generic, TypeVar

from application.concurrency.background import BackgroundTask
from application.ports.clock import Monotonic
from domain.errors import Unavailable

Fact = TypeVar("Fact")

RETRY_AFTER = 1.0
"""Seconds until facts that could not be written are tried again."""


class WriteBehind(Generic[Fact]):
    """Hands facts to `write` in batches of up to `max_batch`, `linger` seconds after the first one of a batch came.

    `write` may return facts that it could not write now. They are put off for `RETRY_AFTER` seconds, while the others
    go on. When more than `max_pending` facts wait, drops the oldest ones.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[Sequence[Fact]], Awaitable[Collection[Fact] | None]],
        *,
        linger: float = 0.05,
        max_batch: int = 2_000,
        max_pending: int = 200_000,
        clock: Monotonic = monotonic,
    ) -> None:
        self._write = write
        self._linger = linger
        self._max_batch = max_batch
        self._max_pending = max_pending
        self._clock = clock
        self._pending: list[Fact] = []
        self._put_off: list[Fact] = []
        self._added = 0
        self._arrived = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task = BackgroundTask(name, self._loop)

    def add(self, facts: Sequence[Fact]) -> None:
        """Adds facts, to be written soon."""
        self._pending.extend(facts)
        self._added += len(facts)
        if len(self._pending) > self._max_pending:
            del self._pending[: len(self._pending) - self._max_pending]
        self._arrived.set()

    def start(self) -> None:
        """Starts to write. Call it once."""
        self._task.start()

    async def stop(self) -> None:
        """Writes all facts, unless the store is away, and stops."""
        await self._task.stop()
        await self.flush()

    @property
    def put_off(self) -> Collection[Fact]:
        """The facts that could not be written at their last try."""
        return self._put_off

    async def flush(self) -> bool:
        """Returns True when every fact that was added before the call is written or put off.

        Returns False when the store is away, and keeps the facts.
        """
        return await self._flush(retry=True)

    async def _flush(self, *, retry: bool) -> bool:
        target = self._added
        async with self._writing:
            if retry:
                self._retry_put_off()
            # another call may have written the facts while this one waited for the lock
            while self._pending and self._added - len(self._pending) < target:
                batch = self._pending[: self._max_batch]
                del self._pending[: len(batch)]
                try:
                    self._put_off += await self._write(batch) or ()
                except BaseException as error:
                    self._pending[:0] = batch
                    if isinstance(error, Unavailable):
                        return False
                    raise
        return True

    def _retry_put_off(self) -> None:
        """Moves the facts that were put off in front of all others."""
        self._pending[:0] = self._put_off
        self._put_off.clear()

    async def _loop(self) -> None:
        retry_at = 0.0
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RETRY_AFTER if self._put_off else None):
                    await self._arrived.wait()
            await asyncio.sleep(self._linger)
            self._arrived.clear()
            is_due = self._clock() >= retry_at
            if is_due:
                retry_at = self._clock() + RETRY_AFTER
            if not await self._flush(retry=is_due):
                self._arrived.set()
                await asyncio.sleep(RETRY_AFTER)
