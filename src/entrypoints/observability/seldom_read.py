"""Reads a figure of the store so seldom that it costs little."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

from domain.errors import Unavailable

Figure = TypeVar("Figure")

COST = 0.01
"""The share of the time that reads may take."""
TIMEOUT = 2.0
LONGEST_PAUSE = 60.0


class SeldomRead(Generic[Figure]):
    """Caches a figure. Waits at least `pause` seconds between two reads, and longer when a read is slow."""

    def __init__(
        self, read: Callable[[], Awaitable[Figure]], pause: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self._read = read
        self._pause = pause
        self._clock = clock
        self._read_again_at = float("-inf")
        self._figure: Figure | None = None

    async def figure(self) -> Figure | None:
        """The figure. None while the store is away or too slow."""
        began = self._clock()
        if began < self._read_again_at:
            return self._figure
        self._read_again_at = began + LONGEST_PAUSE  # for calls during the read
        try:
            async with asyncio.timeout(TIMEOUT):
                self._figure = await self._read()
        except (Unavailable, TimeoutError):
            self._figure = None
        finally:
            now = self._clock()
            self._read_again_at = now + min(LONGEST_PAUSE, max(self._pause, (now - began) / COST))
        return self._figure
