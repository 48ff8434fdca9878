"""Publishes the deliveries that are in hand, and marks their outbox entries as processed."""

import asyncio
import logging
from collections.abc import Sequence

from application.concurrency.background import BackgroundTask
from application.concurrency.write_behind import WriteBehind
from application.delivery.outbox.pending_deliveries import PendingDeliveries, deliveries_of, entry_ids_of
from application.diagnostics.counters import Counters
from application.ports.broker import Broker
from application.ports.outbox import Outbox
from domain.errors import Unavailable
from domain.identifiers import OutboxId

log = logging.getLogger(__name__)


class OutboxPublisher:
    """Publishes pending deliveries, and releases their entries while the broker is away.

    One publish has up to `max_publish` messages, and up to `max_in_hand` wait for one. With `keep_processed` the
    processed entries stay in the outbox, to be purged later.
    """

    def __init__(
        self,
        outbox: Outbox,
        broker: Broker,
        counters: Counters,
        *,
        keep_processed: bool,
        max_publish: int,
        max_in_hand: int,
    ) -> None:
        self._outbox = outbox
        self._broker = broker
        self._counters = counters
        self._keep_processed = keep_processed
        self._max_publish = max_publish
        self._max_in_hand = max_in_hand
        self._in_hand: list[PendingDeliveries] = []
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._is_paused = False
        self._processed: WriteBehind[OutboxId] = WriteBehind("outbox marks", self._mark_processed)
        self._released: WriteBehind[OutboxId] = WriteBehind("outbox releases", self._release)
        self._task = BackgroundTask("outbox publisher", self._publish_in_hand)

    @property
    def is_paused(self) -> bool:
        """Whether the broker is away. Only the poll tries to publish then."""
        return self._is_paused

    def add(self, pending: Sequence[PendingDeliveries]) -> None:
        """Publishes the deliveries soon, in order. Releases the entries of those that find no room.

        While the broker is away, pushes them to the connections of this instance at once. Their entries stay in the
        outbox for the other instances.
        """
        if self._is_paused:
            self._broker.push_here(deliveries_of(pending))
            return
        room = self._max_in_hand - len(self._in_hand)
        self._in_hand.extend(pending[:room])
        self._released.add(entry_ids_of(pending[room:]))
        if self._in_hand:
            self._idle.clear()
            self._arrived.set()

    async def publish(self, pending: Sequence[PendingDeliveries]) -> bool:
        """Publishes the deliveries now, and marks their entries as processed a moment later.

        Returns False when the broker is away. Then the entries are released, which counts as no failure of theirs.
        """
        try:
            await self._broker.publish(deliveries_of(pending))
        except Unavailable:
            self._pause(pending)
            return False
        self._processed.add(entry_ids_of(pending))
        return True

    async def wait_ready(self) -> None:
        """Returns when the broker can be tried again, and the entries that were released are due."""
        await self._broker.wait_ready()
        await self._released.flush()

    def resume(self) -> None:
        """Publishes again what is added. Call it after a publish that succeeded."""
        if self._is_paused:
            log.info("the broker is back")
            self._is_paused = False

    def start(self) -> None:
        """Starts to publish. Call it once."""
        self._processed.start()
        self._released.start()
        self._task.start()

    async def drain(self) -> None:
        """Returns when nothing waits for a publish."""
        await self._idle.wait()

    async def stop(self) -> None:
        """Stops to publish, and writes the last marks if the store is there."""
        await self._task.stop()
        await self._processed.stop()
        await self._released.stop()

    async def _publish_in_hand(self) -> None:
        while True:
            if not self._in_hand:
                self._idle.set()
                self._arrived.clear()
                await self._arrived.wait()
            batch = self._in_hand[: self._max_publish]
            del self._in_hand[: len(batch)]
            await self.publish(batch)

    def _pause(self, batch: Sequence[PendingDeliveries]) -> None:
        if not self._is_paused:
            log.warning("the broker is away: deliveries wait in the outbox")
        self._is_paused = True
        unpublished = [*batch, *self._in_hand]
        self._broker.push_here(deliveries_of(unpublished))
        self._released.add(entry_ids_of(unpublished))
        self._in_hand.clear()

    async def _mark_processed(self, entry_ids: Sequence[OutboxId]) -> None:
        await self._outbox.mark_processed(entry_ids, keep=self._keep_processed)
        self._counters.outbox_processed += len(entry_ids)

    async def _release(self, entry_ids: Sequence[OutboxId]) -> None:
        await self._outbox.release(entry_ids)
