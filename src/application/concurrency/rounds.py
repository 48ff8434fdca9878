"""Works in rounds on things to which something happens again and again."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import islice
from typing import Generic, TypeVar

from application.concurrency.background import BackgroundTask

Key = TypeVar("Key")
Value = TypeVar("Value")


class Rounds(Generic[Key, Value]):
    """Hands what was noted since the last round to `work`, up to `slice_size` keys a call, and rests for `interval`.

    So that `work` gets a key at most once in `interval` seconds. What is noted during a round is left for the next one.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Mapping[Key, Value]], Awaitable[None]],
        *,
        interval: float,
        slice_size: int,
    ) -> None:
        self.interval = interval
        self._work = work
        self._slice_size = slice_size
        self._noted: dict[Key, Value] = {}
        self._arrived = asyncio.Event()
        self._task = BackgroundTask(name, self._run)

    @property
    def noted(self) -> Mapping[Key, Value]:
        """What waits for the next round."""
        return self._noted

    def note(self, key: Key, value: Value) -> None:
        """Notes the key for the next round, in place of an earlier note of it."""
        self._noted[key] = value
        self._arrived.set()

    def start(self) -> None:
        """Starts the rounds. Call it once."""
        self._task.start()

    async def stop(self) -> None:
        """Ends the rounds, with what is noted. Idempotent."""
        await self._task.stop()

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            noted, self._noted = self._noted, {}
            rest = iter(noted.items())
            while part := dict(islice(rest, self._slice_size)):
                await self._work(part)
            await asyncio.sleep(self.interval)
