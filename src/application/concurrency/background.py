"""Tasks that run beside the requests: tracked, their failures logged, stopped in order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


class BackgroundTask:
    """One long-running coroutine. `start` once; `stop` is idempotent and waits for its end.

    A task that fails is logged and started again after `restart_delay` seconds: a background duty never just ends.
    """

    def __init__(self, name: str, run: Callable[[], Awaitable[None]], restart_delay: float = 1.0) -> None:
        self._name = name
        self._run = run
        self._restart_delay = restart_delay
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._keep_running(), name=self._name)

    async def stop(self) -> None:
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
