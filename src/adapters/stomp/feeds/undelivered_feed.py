"""A user's messages: live, and from the store those that were never delivered."""

from collections.abc import AsyncIterator, Callable, Sequence

from adapters.stomp.feeds.missed import Missed
from adapters.stomp.feeds.stored_feed import StoredFeed
from adapters.stomp.protocol.subscription import Subscription
from adapters.stomp.write_queue import WriteQueue
from application.ports.push import Delivery, MessageKey
from domain.identifiers import MessageId, SessionId

MAX_SESSIONS = 1_000  # so many sessions' last seqs are kept; of the others a repeated delivery is given again

Pages = Callable[[], AsyncIterator[Sequence[Delivery]]]


class UndeliveredFeed(StoredFeed):
    """`pages` gives everything to the user that the store does not know to be delivered, by session and seq.

    A live delivery with a seq that is not beyond what the session has brought is late or a repeat. Only the store
    knows which, so it is read.
    """

    def __init__(
        self, subscription: Subscription, queue: WriteQueue, pages: Pages, on_failure: Callable[[Exception], None]
    ) -> None:
        super().__init__(subscription, queue, on_failure)
        self._pages = pages
        self._not_given = Missed()
        self._last_seqs: dict[SessionId, int] = {}

    def replay(self) -> None:
        """Begins with everything that was never delivered."""
        self._not_given = Missed(everything=True)
        self._catch_up()

    def deliver(self, delivery: Delivery, head: str) -> None:
        key = delivery.message
        if key is None:
            return
        is_next = self._catching_up is None and key.seq > self._last_seqs.get(key.session_id, 0)
        if is_next and self._has_room:
            self._note(key)
            self._give(delivery, head)
        else:
            self._not_given.add(key)
            self._missed = True
            if self._catching_up is None:
                self._catch_up()

    async def _read_once(self) -> None:
        await self._queue.sent_so_far()  # in `auto` mode that marks it as delivered
        wanted, self._not_given = self._not_given, Missed()
        # taken before the read: what is ACKed during it is still undelivered in its pages
        given = self._given_and_undelivered()
        async for page in self._pages():
            for delivery in page:
                key = delivery.message
                if key is not None and key in wanted and key.id not in given:
                    await self._give_with_room(delivery)
                    self._note(key)

    def _given_and_undelivered(self) -> set[MessageId]:
        tags = (*self.subscription.waiting, *self.subscription.refused)
        return {tag.id for tag in tags if isinstance(tag, MessageKey)}

    def _note(self, key: MessageKey) -> None:
        last_seqs = self._last_seqs
        known = last_seqs.get(key.session_id, 0)
        if key.seq > known:
            if not known and len(last_seqs) >= MAX_SESSIONS:
                del last_seqs[next(iter(last_seqs))]
            last_seqs[key.session_id] = key.seq
