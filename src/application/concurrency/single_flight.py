"""One question at a time: who asks what is being asked already waits for the same answer."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """A caller that is cancelled takes nothing from the others, and the answer is waited for even without any.

    So a question has to end by itself.
    """

    def __init__(self) -> None:
        self._flights: dict[K, asyncio.Task[V]] = {}

    async def __call__(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        """The answer of `ask`, or of the one that is under way for `key`. Raises what that one raises."""
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(_awaited(ask))
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._land(key, done))
        return await asyncio.shield(flight)

    def _land(self, key: K, flight: "asyncio.Task[V]") -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # one that nobody waits for any more is nobody's


async def _awaited(ask: Callable[[], Awaitable[V]]) -> V:
    return await ask()
