"""Delivers the outbox entries that nobody else delivers: those of dead instances, and those whose last try failed."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

from application.concurrency.background import BackgroundTask
from application.delivery.outbox.publisher import OutboxPublisher
from application.delivery.outbox.resolver import Failure, resolve
from application.diagnostics.counters import Counters
from application.ports.outbox import FailedTry, Outbox
from application.ports.profiles import ProfileDirectory
from domain.errors import Unavailable
from domain.outbox import RetryPolicy

log = logging.getLogger(__name__)


class OutboxPoll:
    """Claims due entries and publishes their deliveries (contract, section 9).

    A poll claims up to `claim_size` entries for `claim` seconds. The next one follows after `interval` seconds,
    or at once when the claim was full. `policy` says when a failed entry is tried again, and when it is dead.
    """

    def __init__(
        self,
        outbox: Outbox,
        publisher: OutboxPublisher,
        directory: ProfileDirectory,
        counters: Counters,
        policy: RetryPolicy,
        *,
        interval: float,
        claim: float,
        claim_size: int,
    ) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._directory = directory
        self._counters = counters
        self._policy = policy
        self._interval = interval
        self._claim = timedelta(seconds=claim)
        self._claim_size = claim_size
        self._task = BackgroundTask("outbox poll", self._poll_forever)

    def start(self) -> None:
        """Starts to poll. Call it once."""
        self._task.start()

    async def stop(self) -> None:
        """Stops to poll. Idempotent."""
        await self._task.stop()

    async def _poll_forever(self) -> None:
        while True:
            if self._publisher.is_paused:
                await self._publisher.wait_ready()
            claimed = await self._poll()
            if claimed < self._claim_size:
                await asyncio.sleep(self._interval)

    async def _poll(self) -> int:
        """Publishes the deliveries of one claim. Returns how many entries it claimed, 0 when it did not succeed."""
        try:
            entries = await self._outbox.claim(self._claim, self._claim_size)
            resolved = await resolve(sorted(entries, key=lambda entry: entry.id), self._directory)
            if resolved.failures:
                await self._mark_failed(resolved.failures)
        except Unavailable:
            return 0
        if not await self._publisher.publish(resolved.pending):
            return 0
        self._publisher.resume()
        return len(entries)

    async def _mark_failed(self, failures: Sequence[Failure]) -> None:
        await self._outbox.mark_failed([self._failed_try(failure) for failure in failures])

    def _failed_try(self, failure: Failure) -> FailedTry:
        """Counts and logs one failed try."""
        entry, reason = failure
        tries = entry.retry_count + 1
        delay = self._policy.delay(tries)
        self._counters.outbox_failed += 1
        if delay is None:
            self._counters.outbox_dead += 1
            log.error("outbox entry %s is dead after %d tries: %s", entry.id, tries, reason)
        else:
            log.warning("outbox entry %s: try %d failed, the next is in %s: %s", entry.id, tries, delay, reason)
        return FailedTry(entry.id, tries, delay, reason)
