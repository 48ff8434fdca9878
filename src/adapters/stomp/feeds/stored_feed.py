"""What one subscription gets of messages that the store has: it is read for what the client had no room for."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

from adapters.stomp.feeds.feed import LiveFeed
from adapters.stomp.hub import head_of
from adapters.stomp.protocol.subscription import Subscription
from adapters.stomp.write_queue import WriteQueue
from application.ports.push import Delivery


class StoredFeed(LiveFeed, ABC):
    """Live deliveries while the client keeps up, and the store while it is behind.

    A client has room while its socket and its ACKs keep up. Without room a live delivery is let go, and the store is
    read again from where the client is; that waits for room too. So a slow client is slow, nothing is missed, and
    nothing is held in memory for it.
    """

    is_stored = True

    def __init__(self, subscription: Subscription, queue: WriteQueue, on_failure: Callable[[Exception], None]) -> None:
        super().__init__(subscription, queue, on_failure)
        self._missed = False
        self._catching_up: asyncio.Task[None] | None = None
        self._stopped = False

    @abstractmethod
    async def _read_once(self) -> None:
        """Gives what the store has for the client and the client has not got, waiting for room."""

    @property
    def _has_room(self) -> bool:
        return self.subscription.has_room and self._queue.has_room

    def stop(self) -> None:
        self._stopped = True
        if self._catching_up is not None:
            self._catching_up.cancel()

    def _catch_up(self) -> None:
        if not self._stopped:
            self._catching_up = asyncio.create_task(self._read_store(), name="replay")

    async def _read_store(self) -> None:
        try:
            self._missed = True
            while self._missed:
                # reset before the read: what comes during it asks for one more look
                self._missed = False
                await self._read_once()
        except Exception as error:
            self._on_failure(error)
        else:
            self._catching_up = None

    async def _until_one_more_may_wait_for_its_ack(self) -> None:
        while not self.subscription.has_room:
            settled = asyncio.Event()
            self.subscription.on_settled = settled.set
            await settled.wait()

    async def _give_with_room(self, delivery: Delivery) -> None:
        await self._until_one_more_may_wait_for_its_ack()
        async with self._queue.replay_turn():
            self._give(delivery, head_of(delivery))
