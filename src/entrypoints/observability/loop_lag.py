"""Measures the delays of the event loop."""

import asyncio
from time import monotonic

from application.concurrency.background import BackgroundTask
from application.diagnostics.histogram import Histogram

PAUSE = 0.1
"""Seconds between two measurements."""
WINDOW = 15.0
"""Seconds; a usual interval between two scrapes."""
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class LoopLag:
    """Measures how late the event loop runs a timer."""

    def __init__(self) -> None:
        self._now = self._before = 0.0
        self._window_ends = 0.0
        self.seconds = Histogram(BOUNDS)
        self._task = BackgroundTask("loop lag", self._run)

    @property
    def worst(self) -> float:
        """The longest delay in the last 15 to 30 s, in seconds."""
        return max(self._now, self._before)

    def start(self) -> None:
        """Starts to measure. Call it once."""
        self._task.start()

    async def stop(self) -> None:
        """Stops to measure. Idempotent."""
        await self._task.stop()

    async def _run(self) -> None:
        while True:
            start = monotonic()
            await asyncio.sleep(PAUSE)
            self._saw(monotonic() - start - PAUSE)

    def _saw(self, lag: float) -> None:
        self.seconds.add(max(0.0, lag))
        if monotonic() > self._window_ends:
            self._before, self._now = self._now, 0.0
            self._window_ends = monotonic() + WINDOW
        self._now = max(self._now, lag)
