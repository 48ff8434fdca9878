"""The way out of a connection: one bounded queue, one writer."""

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic

import msgspec

from adapters.stomp.codec import octets
from adapters.stomp.transport import Transport
from application.ports.push import Delivery


class _Item(msgspec.Struct, frozen=True, gc=False):
    text: str
    octets: int
    queued_at: float
    delivery: Delivery | None


class WriteQueue:
    """`on_written` is told of each delivery the transport took, `on_overflow` of more than `max_unsent` octets."""

    __slots__ = (
        "_drains",
        "_items",
        "_max_unsent",
        "_on_overflow",
        "_on_written",
        "_task",
        "_transport",
        "_waiter",
        "binary",
        "last_sent",
        "replay_ahead",
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
        self.replay_ahead = max_unsent // 8  # so much unsent, and a replay waits for the client to read
        self._on_overflow = on_overflow
        self._items: deque[_Item] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._drains: list[tuple[int, asyncio.Future[None]]] = []
        self.binary = False  # the kind of message that the client gets: as its CONNECT was
        self.unsent = 0
        self.last_sent = monotonic()
        self._task = asyncio.create_task(self._write(), name="stomp writer")

    def put(self, text: str, delivery: Delivery | None = None) -> None:
        item = _Item(text, octets(text), monotonic(), delivery)
        self._items.append(item)
        self.unsent += item.octets
        if self.unsent > self._max_unsent:
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

    def oldest_age(self, now: float) -> float:
        """Seconds that the oldest unsent text has waited."""
        return now - self._items[0].queued_at if self._items else 0.0

    async def drain(self, down_to: int = 0) -> None:
        """Returns when no more than `down_to` octets are unsent, or the writer has ended."""
        if self.unsent > down_to and not self._task.done():
            drained: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._drains.append((down_to, drained))
            await drained

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
                    self.unsent -= item.octets
                    if self._drains:
                        self._wake_drained()
                    if item.delivery is not None:
                        self._on_written(item.delivery)
                self.last_sent = monotonic()
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter
        except (OSError, RuntimeError):
            pass  # the client has gone; the reader learns it too and ends the connection
        finally:
            self.unsent = 0  # nothing more will go out: whoever waits for it need not
            self._wake_drained()

    def _wake_drained(self) -> None:
        for waiting in self._drains[:]:
            down_to, drained = waiting
            if self.unsent <= down_to:
                self._drains.remove(waiting)
                if not drained.done():
                    drained.set_result(None)
