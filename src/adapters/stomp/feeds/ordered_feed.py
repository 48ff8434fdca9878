"""The feed of a session's topic that gives each message once, and in order."""

from collections.abc import Callable, Sequence

from adapters.stomp.feeds.replay_line import ReplayLine
from adapters.stomp.feeds.stored_feed import StoredFeed
from adapters.stomp.protocol.subscription import Subscription
from adapters.stomp.write_queue import WriteQueue
from application.delivery.pages import Pages
from application.ports.push import Delivery, MessageKey


class OrderedFeed(StoredFeed):
    """Gives a topic's messages after the seq in `start`.

    When a live delivery does not have the next seq, since another instance is faster, the feed reads the store.
    `pages_after` reads the messages after a seq.
    """

    __slots__ = ("_last_seq", "_pages_after")

    def __init__(
        self, subscription: Subscription, queue: WriteQueue, line: ReplayLine, pages_after: Callable[[int], Pages]
    ) -> None:
        super().__init__(subscription, queue, line)
        self._pages_after = pages_after
        self._last_seq: int | None = None

    def start(self, after: int, end: int) -> None:
        """Gives the messages after the seq `after`. `end` was the session's last seq after the feed was opened."""
        self._last_seq = after
        if self._missed or after < end:
            self._fall_behind()

    def deliver(self, delivery: Delivery, head: str) -> None:
        """Gives the next message to the client. For any other it reads the store."""
        key, last_seq = delivery.message, self._last_seq
        if last_seq is None:
            self._missed = True
        elif key is None or key.seq <= last_seq:
            return
        elif key.seq == last_seq + 1 and not self._is_behind and self._has_room:
            self._last_seq = key.seq
            self._give(delivery, head)
        else:
            self._fall_behind()

    def overrun(self, dropped: Sequence[Delivery]) -> None:
        """Reads the dropped deliveries from the store."""
        self._missed = True
        if self._last_seq is not None:
            self._fall_behind()

    def missed(self) -> None:
        """Reads the store, since deliveries may be lost."""
        self.overrun(())

    async def _begin(self) -> Pages:
        assert self._last_seq is not None, "start was called"
        return self._pages_after(self._last_seq)

    def _note(self, key: MessageKey) -> None:
        self._last_seq = key.seq
