"""Waiting for what will be the case, and not a moment longer."""

import asyncio
from collections.abc import Callable
from time import monotonic


async def eventually(is_so: Callable[[], bool], within: float = 10) -> None:
    """Returns once `is_so()`; AssertionError after `within` seconds."""
    deadline = monotonic() + within
    while not is_so():
        assert monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.001)
