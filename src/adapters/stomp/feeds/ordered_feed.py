"""A session's topic, each message once and in order."""

from collections.abc import AsyncIterator, Callable, Sequence

from adapters.stomp.feeds.stored_feed import StoredFeed
from adapters.stomp.protocol.subscription import Subscription
from adapters.stomp.write_queue import WriteQueue
from application.ports.push import Delivery

Pages = Callable[[int], AsyncIterator[Sequence[Delivery]]]


class OrderedFeed(StoredFeed):
    """A topic from a `seq` on, which `start` tells.

    A live delivery that is not the next one (another instance may be ahead) is a reason to read the store,
    never a hole. `pages` gives the messages after a `seq`.
    """

    def __init__(
        self, subscription: Subscription, queue: WriteQueue, pages: Pages, on_failure: Callable[[Exception], None]
    ) -> None:
        super().__init__(subscription, queue, on_failure)
        self._pages = pages
        self._last_seq: int | None = None

    def start(self, after: int, end: int) -> None:
        """Gives what comes after the seq `after`; `end` was the last seq of the session after the feed was opened."""
        self._last_seq = after
        if self._missed or after < end:
            self._catch_up()

    def deliver(self, delivery: Delivery, head: str) -> None:
        key, last_seq = delivery.message, self._last_seq
        if last_seq is None:
            self._missed = True
        elif key is None or key.seq <= last_seq:
            return
        elif self._catching_up is not None:
            self._missed = True
        elif key.seq == last_seq + 1 and self._has_room:
            self._last_seq = key.seq
            self._give(delivery, head)
        else:
            self._catch_up()

    async def _read_once(self) -> None:
        assert self._last_seq is not None, "the store is read once the feed has started"
        async for page in self._pages(self._last_seq):
            for delivery in page:
                if delivery.message is not None and delivery.message.seq > self._last_seq:
                    await self._give_with_room(delivery)
                    self._last_seq = delivery.message.seq
