"""Limits how many reads are in progress at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Result = TypeVar("Result")


class ConcurrencyLimit:
    """Runs at most `count` reads at a time, in the order of the calls.

    When a caller is cancelled, its read goes on to its end: to cancel the read would cost the store a connection.
    """

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)
        self._reading: set[asyncio.Task[object]] = set()

    async def __call__(self, read: Callable[[], Awaitable[Result]]) -> Result:
        """Runs `read` when it is its turn. Returns its result, and raises its error."""
        await self._free.acquire()
        reading = asyncio.create_task(_as_coroutine(read), name="limited read")
        self._reading.add(reading)
        reading.add_done_callback(self._end)
        return await asyncio.shield(reading)

    def _end(self, reading: "asyncio.Task[object]") -> None:
        self._reading.discard(reading)
        self._free.release()
        if not reading.cancelled():
            reading.exception()  # marks the error as retrieved, in case that the caller has gone


async def _as_coroutine(read: Callable[[], Awaitable[Result]]) -> Result:
    return await read()
