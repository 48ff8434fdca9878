"""Waiting for the library without depending on it: it swallows a cancel now and then, and a stalled node is silent."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

Result = TypeVar("Result")


async def bounded(awaitable: Awaitable[Result], timeout: float) -> Result:  # noqa: ASYNC109 - see above
    """The result. Raises `TimeoutError` after `timeout` seconds; then, as when cancelled, nobody waits for it."""
    task = asyncio.ensure_future(awaitable)
    await first_of(task, timeout=timeout)
    return task.result()


async def first_of(*awaitables: Awaitable[Any], timeout: float | None = None) -> None:  # noqa: ASYNC109 - see above
    """Returns or raises as the first of them does; the others are cancelled, and nobody waits for their end."""
    tasks = [asyncio.ensure_future(each) for each in awaitables]
    for task in tasks:
        task.add_done_callback(hear)
    try:
        done, _ = await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    if not done:
        raise TimeoutError
    for task in done:
        task.result()


def hear(task: "asyncio.Future[Any]") -> None:
    """For `add_done_callback`: a failure after nobody waits any more is not reported as one that was overlooked."""
    if not task.cancelled():
        task.exception()
