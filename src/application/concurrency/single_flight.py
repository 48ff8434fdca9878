"""Shares one call among all who ask for the same key at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Runs at most one call for a key at a time.

    When a caller is cancelled, the call goes on to its end, also without any caller. So a call has to end by itself.
    """

    def __init__(self) -> None:
        self._calls: dict[K, asyncio.Task[V]] = {}

    async def __call__(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        """Returns the result of `ask`, or of the call that is in progress for `key`. Raises the error of that call."""
        call = self._calls.get(key)
        if call is None:
            call = asyncio.create_task(_as_coroutine(ask))
            self._calls[key] = call
            call.add_done_callback(lambda done: self._end(key, done))
        return await asyncio.shield(call)

    def _end(self, key: K, call: "asyncio.Task[V]") -> None:
        del self._calls[key]
        if not call.cancelled():
            call.exception()  # marks the error as retrieved, in case that all callers have gone


async def _as_coroutine(ask: Callable[[], Awaitable[V]]) -> V:
    return await ask()
