"""Waits for the library with a time limit, though it sometimes swallows a cancel and a stalled node never answers."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

Result = TypeVar("Result")


async def bounded(awaitable: Awaitable[Result], timeout: float) -> Result:  # noqa: ASYNC109 - see above
    """The result of `awaitable`. Raises `TimeoutError` after `timeout` seconds.

    On a timeout or a cancel it cancels `awaitable`, and does not wait until that has ended.
    """
    task = asyncio.ensure_future(awaitable)
    await first_of(task, timeout=timeout)
    return task.result()


async def first_of(*awaitables: Awaitable[Any], timeout: float | None = None) -> None:  # noqa: ASYNC109 - see above
    """Returns or raises as the first of `awaitables` does. Cancels the others, and does not wait for their end.

    Raises `TimeoutError` after `timeout` seconds.
    """
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    for task in tasks:
        task.add_done_callback(discard_result)
    try:
        done, _ = await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    if not done:
        raise TimeoutError
    for task in done:
        task.result()


def discard_result(task: "asyncio.Future[Any]") -> None:
    """For `add_done_callback`: keeps asyncio from logging an exception that nobody waits for."""
    if not task.cancelled():
        task.exception()
