"""Waiting for what will be the case, and not a moment longer."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

Answer = TypeVar("Answer")


async def eventually(is_so: Callable[[], bool], within: float = 30) -> None:
    """Returns once `is_so()`; AssertionError after `within` seconds."""
    deadline = monotonic() + within
    while not is_so():
        assert monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.001)


async def eventually_some(ask: Callable[[], Awaitable[Answer]], within: float = 30) -> Answer:
    """The first answer of `ask()` that is not empty; AssertionError after `within` seconds."""
    deadline = monotonic() + within
    while not (answer := await ask()):
        assert monotonic() < deadline, "no answer in time"
        await asyncio.sleep(0.01)
    return answer
