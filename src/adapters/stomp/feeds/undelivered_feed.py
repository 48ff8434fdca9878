"""The feed of a user's messages: live ones, and undelivered ones from the store."""

from collections.abc import Awaitable, Callable, Sequence

from adapters.stomp.feeds.missed import Missed
from adapters.stomp.feeds.replay_line import ReplayLine
from adapters.stomp.feeds.stored_feed import StoredFeed
from adapters.stomp.protocol.subscription import Subscription
from adapters.stomp.write_queue import WriteQueue
from application.delivery.pages import Pages
from application.ports.push import Delivery, MessageKey
from domain.identifiers import MessageId, SessionId
from domain.message import Message

MAX_SESSIONS = 1_000  # sessions whose last seq is known; in others a repeated delivery is given again


class UndeliveredFeed(StoredFeed):
    """Gives each message once. `read_undelivered` reads the user's undelivered messages, by session and seq.

    A live delivery without a new seq of its session is late or a repeat. Only the store knows which, so the feed reads
    it.
    """

    __slots__ = ("_given", "_last_seqs", "_not_given", "_read_undelivered", "_wanted")

    def __init__(
        self,
        subscription: Subscription,
        queue: WriteQueue,
        line: ReplayLine,
        read_undelivered: Callable[[], Awaitable[Pages]],
    ) -> None:
        super().__init__(subscription, queue, line)
        self._read_undelivered = read_undelivered
        self._not_given = Missed()
        self._wanted = Missed()
        self._given: set[MessageId] = set()
        self._last_seqs: dict[SessionId, int] = {}

    def replay(self) -> None:
        """Begins to give all undelivered messages."""
        self._not_given = Missed(everything=True)
        self._fall_behind()

    def deliver(self, delivery: Delivery, head: str) -> None:
        """Gives a new message to the client. For any other it reads the store."""
        key = delivery.message
        if key is None:
            return
        is_next = not self._is_behind and key.seq > self._last_seqs.get(key.session_id, 0)
        if is_next and self._has_room:
            self._note(key)
            self._give(delivery, head)
        else:
            self._not_given.add(key)
            self._fall_behind()

    def overrun(self, dropped: Sequence[Delivery]) -> None:
        """Reads the dropped deliveries from the store."""
        for delivery in dropped:
            if delivery.message is not None:
                self._not_given.add(delivery.message)
        self._fall_behind()

    def missed(self) -> None:
        """Reads all undelivered messages from the store, since any of them may be lost."""
        self.replay()

    async def _begin(self) -> Pages:
        await self._queue.sent_so_far()  # in `auto` mode a sent message is marked as delivered
        self._wanted, self._not_given = self._not_given, Missed()
        # taken before the read: its pages still have messages that are ACKed during it
        self._given = self._given_and_undelivered()
        return await self._read_undelivered()

    def _wants(self, message: Message) -> bool:
        return self._wanted.may_include(message.session_id, message.seq) and message.id not in self._given

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
