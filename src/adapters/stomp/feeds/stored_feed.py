"""A feed whose client may fall behind: it gets from the store the messages for which it had no room."""

from abc import ABC, abstractmethod

from adapters.stomp.feeds.feed import LiveFeed
from adapters.stomp.feeds.replay_line import ReplayLine
from adapters.stomp.hub import head_of
from adapters.stomp.protocol.subscription import Subscription
from adapters.stomp.write_queue import WriteQueue
from application.delivery.pages import Pages
from application.ports.push import MessageKey
from domain.message import Message


class StoredFeed(LiveFeed, ABC):
    """Gives the client live deliveries while it keeps up, and messages from the store while it is behind.

    A client has room while its socket and its ACKs keep up. Without room the feed drops live deliveries. When there is
    room again, it reads the store from the client's position, in `line`. So a slow client misses nothing, and nothing
    is held in memory for it.
    """

    __slots__ = ("_is_behind", "_line", "_missed", "_pages", "_stopped")
    is_stored = True

    def __init__(self, subscription: Subscription, queue: WriteQueue, line: ReplayLine) -> None:
        super().__init__(subscription, queue)
        self._line = line
        self._missed = False
        self._is_behind = False
        self._pages: Pages | None = None
        self._stopped = False

    @abstractmethod
    async def _begin(self) -> Pages:
        """Begins to read the messages that the client has missed."""

    def _wants(self, message: Message) -> bool:
        """Whether the client has missed `message`, which was read."""
        return True

    @abstractmethod
    def _note(self, key: MessageKey) -> None:
        """Notes that the client is given this message now."""

    @property
    def _has_room(self) -> bool:
        return self.subscription.has_room and self._queue.has_room

    def stop(self) -> None:
        """Stops the feed, and leaves the line."""
        self._stopped = True
        self.subscription.on_settled = None
        self._line.leave(self)

    async def give_page(self) -> bool:
        """Gives the client a page of missed messages. True when there may be another one, and there is room for it."""
        if self._pages is None:
            self._missed = False  # before the read: a delivery that comes from now on makes the feed read once more
            self._pages = await self._begin()
        page = await self._pages.next(self.subscription.room, self._wants)
        if self._stopped:
            return False
        for delivery in page.deliveries:
            if delivery.message is not None:
                self._note(delivery.message)
            self._give(delivery, head_of(delivery))
        if page.is_last:
            self._pages = None
            self._is_behind = self._missed
        return self._is_behind and self._has_room_for_acks()

    def _fall_behind(self) -> None:
        self._missed = True
        if not self._is_behind and not self._stopped:
            self._is_behind = True
            self._join()

    def _join(self) -> None:
        if self._has_room_for_acks():
            self._line.join(self)

    def _has_room_for_acks(self) -> bool:
        """Whether more messages may wait for their ACK. If not, the feed goes on after the next ACK."""
        has_room = self.subscription.has_room
        self.subscription.on_settled = None if has_room else self._join
        return has_room
