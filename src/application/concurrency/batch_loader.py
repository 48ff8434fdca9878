"""Loads values by key: joins the loads of many callers into one."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

AT_ONCE = 2
"""Loads in progress. More than one, so that a slow load does not hold up all others."""
MAX_KEYS = 500
"""Keys in one load."""


class BatchLoader(Generic[K, V]):
    """Calls `load` with many different keys at a time. It returns the values of those that it knows.

    While loads are in progress, the next keys are collected. A value is never older than the call that asks for it: a
    call does not join a load that has begun.
    """

    def __init__(self, load: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._load = load
        self._collected: dict[K, asyncio.Future[V | None]] = {}
        self._in_progress: set[asyncio.Task[None]] = set()

    async def __call__(self, key: K) -> V | None:
        """The value of `key`, or None when there is none. Raises what `load` raises."""
        value = self._collected.get(key)
        if value is None:
            value = self._collected[key] = asyncio.get_running_loop().create_future()
            self._begin()
        return await asyncio.shield(value)

    def _begin(self) -> None:
        if self._collected and len(self._in_progress) < AT_ONCE:
            task = asyncio.create_task(self._load_collected())
            self._in_progress.add(task)
            task.add_done_callback(self._end)

    def _end(self, task: "asyncio.Task[None]") -> None:
        self._in_progress.discard(task)
        self._begin()

    async def _load_collected(self) -> None:
        loading = {key: self._collected.pop(key) for key in list(self._collected)[:MAX_KEYS]}
        if not loading:
            return
        try:
            values = await self._load(list(loading))
        except asyncio.CancelledError:
            for value in loading.values():
                value.cancel()
            raise
        except Exception as error:
            for value in loading.values():
                value.set_exception(error)
                value.exception()  # marks the error as retrieved, in case that all callers have gone
        else:
            for key, value in loading.items():
                value.set_result(values.get(key))
