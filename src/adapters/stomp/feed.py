"""What one subscription gets: what is replayed from the store, then live deliveries, without hole or repeat."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from adapters.stomp.errors import LimitExceeded
from adapters.stomp.hub import head_of
from adapters.stomp.subscription import Subscription
from adapters.stomp.write_queue import WriteQueue
from application.ports.push import Delivery
from domain.identifiers import MessageId

MAX_HELD = 2_000  # live deliveries kept while a replay runs; beyond that the store is read again


class LiveFeed:
    """Hands every delivery to the client as it comes. What ends the connection goes to `on_failure`."""

    def __init__(self, subscription: Subscription, queue: WriteQueue, on_failure: Callable[[Exception], None]) -> None:
        self.subscription = subscription
        self._queue = queue
        self._on_failure = on_failure

    def deliver(self, delivery: Delivery, head: str) -> None:
        try:
            frame = self.subscription.message(head, delivery.body, delivery)
        except LimitExceeded as error:
            self._on_failure(error)  # this client's fault alone: the hub goes on to the next
        else:
            # in the client modes the ACK is the delivery, not the socket
            self._queue.put(frame, delivery if self.subscription.ack_mode == "auto" else None)

    def stop(self) -> None:
        """Nothing of it goes out any more."""


class OrderedFeed(LiveFeed):
    """A session's topic from `last_seq` on: each message once, in order.

    A live delivery that is not the next one (another instance may be ahead) is a reason to read the store,
    never a hole. `pages` gives the messages after a `seq`.
    """

    def __init__(
        self,
        subscription: Subscription,
        queue: WriteQueue,
        last_seq: int,
        pages: Callable[[int], AsyncIterator[Sequence[Delivery]]],
        on_failure: Callable[[Exception], None],
    ) -> None:
        super().__init__(subscription, queue, on_failure)
        self._last_seq = last_seq
        self._pages = pages
        self._missed = False
        self._catching_up: asyncio.Task[None] | None = None
        self._catch_up()

    def deliver(self, delivery: Delivery, head: str) -> None:
        key = delivery.message
        if key is None or key.seq <= self._last_seq:
            return
        if self._catching_up is not None:
            self._missed = True
        elif key.seq == self._last_seq + 1:
            self._last_seq = key.seq
            super().deliver(delivery, head)
        else:
            self._catch_up()

    def stop(self) -> None:
        if self._catching_up is not None:
            self._catching_up.cancel()

    def _catch_up(self) -> None:
        self._catching_up = asyncio.create_task(self._read_store(), name="resume")

    async def _read_store(self) -> None:
        try:
            self._missed = True
            while self._missed:
                # reset before the read: what comes during it asks for one more look
                self._missed = False
                async for page in self._pages(self._last_seq):
                    await self._replay(page)
        except Exception as error:
            self._on_failure(error)
        else:
            self._catching_up = None

    async def _replay(self, page: Sequence[Delivery]) -> None:
        for delivery in page:
            if delivery.message is None or delivery.message.seq <= self._last_seq:
                continue
            await self._queue.drain(self._queue.replay_ahead)
            self._last_seq = delivery.message.seq
            super().deliver(delivery, head_of(delivery))


class UndeliveredFeed(LiveFeed):
    """A user's messages: first those never delivered, then live ones that were not among them."""

    def __init__(
        self,
        subscription: Subscription,
        queue: WriteQueue,
        pages: Callable[[], AsyncIterator[Sequence[Delivery]]],
        on_failure: Callable[[Exception], None],
    ) -> None:
        super().__init__(subscription, queue, on_failure)
        self._pages = pages
        self._held: list[tuple[Delivery, str]] = []
        self._overflow = False
        self._replayed: set[MessageId] = set()
        self._replaying: asyncio.Task[None] | None = asyncio.create_task(self._replay(), name="replay")

    def deliver(self, delivery: Delivery, head: str) -> None:
        if self._replaying is None:
            super().deliver(delivery, head)
        elif len(self._held) < MAX_HELD:
            self._held.append((delivery, head))
        else:
            self._overflow = True

    def stop(self) -> None:
        if self._replaying is not None:
            self._replaying.cancel()

    async def _replay(self) -> None:
        try:
            self._overflow = True
            while self._overflow:
                self._overflow = False
                self._held.clear()
                async for page in self._pages():
                    await self._replay_page(page)
        except Exception as error:
            self._on_failure(error)
            return
        self._replaying = None
        for delivery, head in self._held:
            if delivery.message is None or delivery.message.id not in self._replayed:
                super().deliver(delivery, head)
        self._held.clear()
        self._replayed.clear()

    async def _replay_page(self, page: Sequence[Delivery]) -> None:
        for delivery in page:
            if delivery.message is None or delivery.message.id in self._replayed:
                continue
            await self._queue.drain(self._queue.replay_ahead)
            self._replayed.add(delivery.message.id)
            super().deliver(delivery, head_of(delivery))
