"""The way out of a connection: one bounded queue, one writer."""

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
    """

    __slots__ = (
        "_drains",
        "_items",
        "_marks",
        "_max_unsent",
        "_number",
        "_on_overflow",
        "_on_written",
        "_replay_ahead",
        "_replay_line",
        "_taken_at",
        "_task",
        "_transport",
        "_unsent_unstored",
        "_waiter",
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
        self._replay_line = asyncio.Lock()
        self._on_overflow = on_overflow
        self._items: deque[_Item] = deque()
        self._number = 0
        self._waiter: asyncio.Future[None] | None = None
        self._drains: list[tuple[int, asyncio.Future[None]]] = []
        self._marks: deque[tuple[int, asyncio.Future[None]]] = deque()
        self.binary = False  # the kind of message that the client gets: as its CONNECT was
        self.unsent = 0
        self._unsent_unstored = 0
        self.last_sent = self._taken_at = monotonic()
        self._task = asyncio.create_task(self._write(), name="stomp writer")

    @property
    def has_room(self) -> bool:
        """Whether a live message may be queued that can as well be read from the store later."""
        return self.unsent < self._max_unsent // 2

    def put(self, text: str, delivery: Delivery | None = None, *, stored: bool = False) -> None:
        """Queues `text`. What is `stored` does not count against `max_unsent`: it is put only where there is room."""
        item = _Item(text, octets(text), monotonic(), delivery, stored)
        self._items.append(item)
        self._number += 1
        self.unsent += item.octets
        if not stored:
            self._unsent_unstored += item.octets
            if self._unsent_unstored > self._max_unsent:
                self._on_overflow()
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)

    def drop_messages(self) -> None:
        """What nobody is to get any more; the one text that may be on its way is not held up."""
        if not self._items:
            return
        first, *others = self._items
        kept = [item for item in others if not item.text.startswith("MESSAGE\n")]
        self._items.clear()
        self._items.extend([first, *kept])
        self.unsent = sum(item.octets for item in self._items)
        self._unsent_unstored = sum(item.octets for item in self._items if not item.stored)

    def stalled_for(self, now: float) -> float:
        """Seconds for which something waits and the transport took nothing."""
        return now - max(self._items[0].queued_at, self._taken_at) if self._items else 0.0

    async def drain(self, down_to: int = 0) -> None:
        """Returns when no more than `down_to` octets are unsent, or the writer has ended."""
        if self.unsent > down_to and not self._task.done():
            drained: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._drains.append((down_to, drained))
            await drained

    async def sent_so_far(self) -> None:
        """Returns when the transport took all that is queued now, or the writer has ended."""
        if self._items and not self._task.done():
            sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._marks.append((self._number, sent))
            await sent

    @asynccontextmanager
    async def replay_turn(self) -> AsyncIterator[None]:
        """Room for one message of a replay. All replays of the connection wait for it in one line."""
        async with self._replay_line:
            await self.drain(self._replay_ahead)
            yield

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _write(self) -> None:
        items = self._items
        try:
            while True:
                while items:
                    item = items[0]
                    await self._transport.send(item.text, binary=self.binary)
                    items.popleft()
                    self._taken_at = monotonic()
                    self.unsent -= item.octets
                    if not item.stored:
                        self._unsent_unstored -= item.octets
                    if item.delivery is not None:
                        self._on_written(item.delivery)
                    if self._drains:
                        self._wake_drained()
                    if self._marks:
                        self._wake_marks(self._number - len(items))
                self.last_sent = monotonic()
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter
        except (OSError, RuntimeError):
            pass  # the client has gone; the reader learns it too and ends the connection
        finally:
            self.unsent = self._unsent_unstored = 0  # nothing more will go out: whoever waits for it need not
            self._wake_drained()
            self._wake_marks(self._number)

    def _wake_drained(self) -> None:
        for waiting in self._drains[:]:
            down_to, drained = waiting
            if self.unsent <= down_to:
                self._drains.remove(waiting)
                if not drained.done():
                    drained.set_result(None)

    def _wake_marks(self, taken: int) -> None:
        """`taken` counts the texts that have left the queue since the connection began."""
        while self._marks and self._marks[0][0] <= taken:
            _, sent = self._marks.popleft()
            if not sent.done():
                sent.set_result(None)
