"""Runs tasks in the background, and logs their failures."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


class BackgroundTask:
    """Runs one long coroutine in the background.

    When the coroutine fails, logs the error and runs it again after `restart_delay` seconds.
    """

    def __init__(self, name: str, run: Callable[[], Awaitable[None]], restart_delay: float = 1.0) -> None:
        self._name = name
        self._run = run
        self._restart_delay = restart_delay
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts the task. Does nothing when it runs already."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep_running(), name=self._name)

    async def stop(self) -> None:
        """Cancels the task and waits for its end. Idempotent."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.wait([task])

    async def _keep_running(self) -> None:
        while True:
            try:
                await self._run()
                return
            except Exception:
                log.exception("%s failed; it is started again", self._name)
                await asyncio.sleep(self._restart_delay)
