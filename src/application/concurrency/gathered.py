"""Many questions asked at the same time become one."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

AT_ONCE = 2
"""Questions under way, so that one that takes long does not hold up all others."""
MAX_KEYS = 500
"""Of one question."""


class Gathered(Generic[K, V]):
    """`ask` gets different keys and answers those that it knows. While it works, the next keys gather.

    An answer is never older than the call: what is under way already is not joined.
    """

    def __init__(self, ask: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._ask = ask
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def __call__(self, key: K) -> V | None:
        """The answer for `key`, None when there is none. Raises what `ask` raises."""
        answer = self._waiting.get(key)
        if answer is None:
            answer = self._waiting[key] = asyncio.get_running_loop().create_future()
            self._begin()
        return await asyncio.shield(answer)

    def _begin(self) -> None:
        if self._waiting and len(self._under_way) < AT_ONCE:
            task = asyncio.create_task(self._answer())
            self._under_way.add(task)
            task.add_done_callback(self._end)

    def _end(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        self._begin()

    async def _answer(self) -> None:
        asked = {key: self._waiting.pop(key) for key in list(self._waiting)[:MAX_KEYS]}
        if not asked:
            return
        try:
            answers = await self._ask(list(asked))
        except asyncio.CancelledError:
            for answer in asked.values():
                answer.cancel()
            raise
        except Exception as error:
            for answer in asked.values():
                answer.set_exception(error)
                answer.exception()  # it may be that nobody waits for it any more
        else:
            for key, answer in asked.items():
                answer.set_result(answers.get(key))
