"""The feed of a subscription without a replay: live deliveries, and from the store those without room."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from adapters.stomp.feeds.replay_line import ReplayLine
from adapters.stomp.feeds.stored_feed import StoredFeed
from adapters.stomp.protocol.subscription import Subscription
from adapters.stomp.write_queue import WriteQueue
from application.delivery.pages import Pages
from application.ports.push import Delivery, MessageKey
from domain.identifiers import SessionId

MAX_SESSIONS: Final = 1_000
"""Sessions of which messages may be missed at once. With more, the client is too slow."""


class Seqs(NamedTuple):
    """A range of seqs, with both ends."""

    first: int
    last: int


ReadMissed = Callable[[SessionId, Seqs], Awaitable[Pages]]
"""Reads the messages of a session, in a range of seqs, that the subscription should have given."""


class PlainFeed(StoredFeed):
    """Gives the client live deliveries, and reads those without room from the store, in order.

    So a burst of deliveries does not end the connection of a good client. Between the first and the last missed
    message, one that overtook others may come twice.
    """

    __slots__ = ("_missed_seqs", "_read_missed")

    def __init__(
        self, subscription: Subscription, queue: WriteQueue, line: ReplayLine, read_missed: ReadMissed
    ) -> None:
        super().__init__(subscription, queue, line)
        self._read_missed = read_missed
        self._missed_seqs: dict[SessionId, Seqs] | None = None  # None until something is missed: most keep up

    def deliver(self, delivery: Delivery, head: str) -> None:
        """See `Subscriber.deliver`."""
        if delivery.message is None or (not self._is_behind and self._has_room):
            self._give(delivery, head)
        else:
            self._miss(delivery.message)

    def overrun(self, dropped: Sequence[Delivery]) -> None:
        """Reads the dropped deliveries from the store."""
        for delivery in dropped:
            if delivery.message is None:
                self._queue.overflow()
            else:
                self._miss(delivery.message)

    def _miss(self, key: MessageKey) -> None:
        missed = self._missed_seqs
        if missed is None:
            missed = self._missed_seqs = {}
        first, last = missed.get(key.session_id, (key.seq, key.seq))
        missed[key.session_id] = Seqs(min(first, key.seq), max(last, key.seq))
        if len(missed) > MAX_SESSIONS:
            self._queue.overflow()
        self._fall_behind()

    async def _begin(self) -> Pages:
        assert self._missed_seqs, "it is behind"
        session_id = next(iter(self._missed_seqs))
        seqs = self._missed_seqs.pop(session_id)
        self._missed = bool(self._missed_seqs)
        return await self._read_missed(session_id, seqs)

    def _note(self, key: MessageKey) -> None:
        """Nothing to note: missed messages are noted when they are missed."""
