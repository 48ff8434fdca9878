"""Deletes processed outbox entries when their retention has passed."""

import asyncio
from datetime import timedelta
from time import monotonic

from application.concurrency.background import BackgroundTask
from application.ports.clock import Monotonic
from application.ports.outbox import Outbox
from domain.errors import Unavailable

MAX_ENTRIES = 5_000
"""Entries that one purge deletes."""
MAX_SHARE = 0.01
"""The share of the time that purges may take: they read rows that no vacuum may remove yet."""
LONGEST_PAUSE = 60.0
"""Seconds."""
SHORT_PAUSE = 0.1
"""Seconds until the next purge after one that left entries behind."""


class OutboxPurge:
    """Deletes entries that were processed longer than `retention` seconds ago (contract, section 9).

    With a retention of 0, only entries are left that instances with other settings have kept.
    """

    def __init__(self, outbox: Outbox, retention: float, *, clock: Monotonic = monotonic) -> None:
        self._outbox = outbox
        self._retention = timedelta(seconds=retention)
        self._clock = clock
        self._task = BackgroundTask("outbox purge", self._purge_forever)

    def start(self) -> None:
        """Starts to purge. Call it once."""
        self._task.start()

    async def stop(self) -> None:
        """Stops to purge. Idempotent."""
        await self._task.stop()

    async def _purge_forever(self) -> None:
        seconds = self._retention.total_seconds()
        interval = min(LONGEST_PAUSE, max(1.0, seconds / 2)) if seconds else LONGEST_PAUSE
        while True:
            began = self._clock()
            try:
                purged = await self._outbox.purge(self._retention, MAX_ENTRIES)
            except Unavailable:
                purged = 0
            pause = max(interval, (self._clock() - began) / MAX_SHARE)
            await asyncio.sleep(pause if purged < MAX_ENTRIES else SHORT_PAUSE)
