"""The way out of a connection: at once while the transport takes it, and a bounded queue when it does not."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

import msgspec

from adapters.stomp.protocol.codec import octets
from adapters.stomp.transport import Transport
from application.ports.push import Delivery


class _Item(msgspec.Struct, frozen=True, gc=False):
    text: str
    octets: int
    queued_at: float
    delivery: Delivery | None
    stored: bool


class WriteQueue:
    """`on_written` is told of each delivery the transport took.

    `on_overflow` is told when more than `max_unsent` octets wait that nobody could read from the store again.
    The first of what waits is with the transport already, which has not taken it yet.
    """

    __slots__ = (
        "_drains",
        "_items",
        "_marks",
        "_max_unsent",
        "_number",
        "_on_empty",
        "_on_overflow",
        "_on_written",
        "_replay_ahead",
        "_replay_line",
        "_stopped",
        "_transport",
        "_unsent_unstored",
        "binary",
        "last_sent",
        "unsent",
    )

    def __init__(
        self,
        transport: Transport,
        on_written: Callable[[Delivery], None],
        max_unsent: int,
        on_overflow: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._on_written = on_written
        self._max_unsent = max_unsent
        self._replay_ahead = max_unsent // 8  # so much unsent, and a replay waits for the client to read
        self._replay_line: asyncio.Lock | None = None
        self._on_overflow = on_overflow
        self._on_empty: Callable[[], None] | None = None
        self._items: deque[_Item] | None = None  # None until something has to wait: most clients keep up
        self._number = 0  # texts that had to wait so far
        self._drains: list[tuple[int, asyncio.Future[None]]] = []
        self._marks: list[tuple[int, asyncio.Future[None]]] = []
        self._stopped = False
        self.binary = False
        """The kind of message that the client gets: as its CONNECT was."""
        self.unsent = 0
        self._unsent_unstored = 0
        self.last_sent = monotonic()

    @property
    def has_room(self) -> bool:
        """Whether a live message may be queued that can as well be read from the store later."""
        return self.unsent < self._max_unsent // 2

    def put(self, text: str, delivery: Delivery | None = None, *, stored: bool = False) -> None:
        """Sends `text`, or queues it behind what waits.

        What is `stored` does not count against `max_unsent`: it is put only where there is room.
        """
        if self._stopped:
            return
        if not self._items and self._transport.send(text, binary=self.binary):
            self.last_sent = monotonic()
            if delivery is not None:
                self._on_written(delivery)
            return
        self._wait(_Item(text, octets(text), monotonic(), delivery, stored))

    def writable(self) -> None:
        """The transport took what it had been given."""
        items = self._items
        while items:
            self._took(items.popleft())
            if items and not self._transport.send(items[0].text, binary=self.binary):
                return
        if self._on_empty is not None:
            self._on_empty()

    def when_empty(self, callback: Callable[[], None]) -> None:
        """Calls `callback` when the transport took all that waits."""
        self._on_empty = callback

    def drop_messages(self) -> None:
        """What nobody is to get any more; the one text that is on its way is not held up."""
        if not self._items:
            return
        first, *others = self._items
        kept = [item for item in others if not item.text.startswith("MESSAGE\n")]
        self._items = deque([first, *kept])
        self.unsent = sum(item.octets for item in self._items)
        self._unsent_unstored = sum(item.octets for item in self._items if not item.stored)

    def stalled_for(self, now: float) -> float:
        """Seconds for which something waits and the transport took nothing."""
        return now - max(self._items[0].queued_at, self.last_sent) if self._items else 0.0

    async def drain(self, down_to: int = 0) -> None:
        """Returns when no more than `down_to` octets are unsent, or the queue was stopped."""
        if self.unsent > down_to:
            drained: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._drains.append((down_to, drained))
            await drained

    async def sent_so_far(self) -> None:
        """Returns when the transport took all that is queued now, or the queue was stopped."""
        if self._items:
            sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._marks.append((self._number, sent))
            await sent

    @asynccontextmanager
    async def replay_turn(self) -> AsyncIterator[None]:
        """Room for one message of a replay. All replays of the connection wait for it in one line."""
        if self._replay_line is None:
            self._replay_line = asyncio.Lock()
        async with self._replay_line:
            await self.drain(self._replay_ahead)
            yield

    def stop(self) -> None:
        """Nothing more goes out: whoever waits for it need not."""
        self._stopped = True
        self._items = self._on_empty = None
        self.unsent = self._unsent_unstored = 0
        self._wake_drained()
        self._wake_marks(self._number)

    def _wait(self, item: _Item) -> None:
        if self._items is None:
            self._items = deque()
        self._items.append(item)
        self._number += 1
        self.unsent += item.octets
        if not item.stored:
            self._unsent_unstored += item.octets
            if self._unsent_unstored > self._max_unsent:
                self._on_overflow()

    def _took(self, item: _Item) -> None:
        self.last_sent = monotonic()
        self.unsent -= item.octets
        if not item.stored:
            self._unsent_unstored -= item.octets
        if item.delivery is not None:
            self._on_written(item.delivery)
        if self._drains:
            self._wake_drained()
        if self._marks:
            self._wake_marks(self._number - len(self._items or ()))

    def _wake_drained(self) -> None:
        for waiting in self._drains[:]:
            down_to, drained = waiting
            if self.unsent <= down_to:
                self._drains.remove(waiting)
                if not drained.done():
                    drained.set_result(None)

    def _wake_marks(self, taken: int) -> None:
        """`taken` counts the texts that have left the queue, of those that had to wait."""
        while self._marks and self._marks[0][0] <= taken:
            _, sent = self._marks.pop(0)
            if not sent.done():
                sent.set_result(None)
