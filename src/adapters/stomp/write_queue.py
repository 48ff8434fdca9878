"""Writes frames to the transport, or queues them while the transport takes none."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from time import monotonic
from typing import Final

import msgspec

from adapters.stomp.protocol.frames.encoder import octets
from adapters.stomp.protocol.subscription import with_body
from adapters.stomp.transport import Transport
from application.delivery.present_deliveries import QUEUED_UNCHECKED_SECONDS
from application.ports.push import Delivery
from domain.errors import Unavailable

PATIENCE: Final = 1.0
"""A client is slow when its transport takes nothing for so many seconds while more than `max_unsent` waits."""
MAX_BURST: Final = 8
"""A client is slow when more than so many times `max_unsent` wait, however fast its transport takes them."""


CHECK_RETRY_SECONDS: Final = 0.2
MAX_CHECKED: Final = 500
"""Frames of the queue that are checked at once."""

log = logging.getLogger(__name__)

Present = Callable[[Sequence[Delivery]], Awaitable[Sequence[Delivery]]]
"""Gives deliveries in their present form."""


class _Item(msgspec.Struct, frozen=True, gc=False):
    text: str
    octets: int
    queued_at: float
    delivery: Delivery | None
    is_acked: bool
    stored: bool


class WriteQueue:
    """The frames of one connection that the transport has not taken.

    `on_written` gets each delivery that the transport has taken. `on_overflow` is called by `overflow`, and when too
    many octets wait that cannot be read from the store again. The transport keeps the first queued frame already.
    `on_missed` is called by `missed`, and when a check fails. What has waited for a while is written in the form that
    `present` gives it: its message may have been deleted since.
    """

    __slots__ = (
        "_check",
        "_drains",
        "_items",
        "_marks",
        "_max_unsent",
        "_number",
        "_on_empty",
        "_on_missed",
        "_on_overflow",
        "_on_written",
        "_present",
        "_replay_ahead",
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
        on_missed: Callable[[], None] = lambda: None,
        *,
        present: Present | None = None,
    ) -> None:
        self._transport = transport
        self._on_written = on_written
        self._max_unsent = max_unsent
        self._replay_ahead = max_unsent // 8  # a replay waits while more than this is unsent
        self._on_overflow = on_overflow
        self._on_missed = on_missed
        self._present = present
        self._check: asyncio.Task[None] | None = None  # while it goes on, the transport keeps no frame
        self._on_empty: Callable[[], None] | None = None
        self._items: deque[_Item] | None = None  # None until a frame has to wait: most clients keep up
        self._number = 0  # frames that have been queued so far
        self._drains: list[tuple[int, asyncio.Future[None]]] = []
        self._marks: list[tuple[int, asyncio.Future[None]]] = []
        self._stopped = False
        self.binary = False
        """Whether the client gets binary messages, as its CONNECT was."""
        self.unsent = 0
        self._unsent_unstored = 0
        self.last_sent = monotonic()

    def __len__(self) -> int:
        """The number of queued frames."""
        return len(self._items or ())

    @property
    def stopped(self) -> bool:
        """Whether the queue was stopped: it drops all frames."""
        return self._stopped

    @property
    def has_room(self) -> bool:
        """Whether a live message may be queued that could be read from the store later instead."""
        return self.unsent < self._max_unsent // 2

    def put(self, text: str, delivery: Delivery | None = None, *, is_acked: bool = False, stored: bool = False) -> None:
        """Sends a frame, or queues it. `delivery` is passed to `on_written`, unless the client acks it (`is_acked`).

        A frame that is `stored` does not count for the overflow: callers put it only when there is room.
        """
        if self._stopped:
            return
        if not self._items and self._transport.send(text, binary=self.binary):
            self.last_sent = monotonic()
            if delivery is not None and not is_acked:
                self._on_written(delivery)
            return
        self._wait(_Item(text, octets(text), monotonic(), delivery, is_acked, stored))

    def writable(self) -> None:
        """The transport has taken the frame that it kept. Sends the queued ones."""
        items = self._items
        while items:
            self._taken(items.popleft())
            if items and not self._send_first():
                return
        self._taken_all()

    def when_empty(self, callback: Callable[[], None]) -> None:
        """Calls `callback` when the transport has taken all queued frames."""
        self._on_empty = callback

    def drop_messages(self) -> None:
        """Drops the queued MESSAGE frames, except the one that the transport keeps."""
        if not self._items:
            return
        in_transport = 0 if self._check is not None else 1
        items = list(self._items)
        kept = [item for item in items[in_transport:] if not item.text.startswith("MESSAGE\n")]
        self._items = deque([*items[:in_transport], *kept])
        self.unsent = sum(item.octets for item in self._items)
        self._unsent_unstored = sum(item.octets for item in self._items if not item.stored)

    def stalled_for(self, now: float) -> float:
        """The time in seconds for which frames wait and the transport takes none. `now` is monotonic."""
        if not self._items or self._check is not None:
            return 0.0
        return now - max(self._items[0].queued_at, self.last_sent)

    def has_overflown(self, now: float) -> bool:
        """Whether the client is too slow for the queued frames that are not in the store. `now` is monotonic."""
        waiting = self._unsent_unstored
        is_stalled = waiting > self._max_unsent and self.stalled_for(now) > PATIENCE
        return is_stalled or waiting > MAX_BURST * self._max_unsent

    async def drain(self, down_to: int = 0) -> None:
        """Returns when at most `down_to` octets are unsent, or the queue was stopped."""
        if self.unsent > down_to:
            drained: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._drains.append((down_to, drained))
            await drained

    async def sent_so_far(self) -> None:
        """Returns when the transport has taken all frames that are queued now, or the queue was stopped."""
        if self._items:
            sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._marks.append((self._number, sent))
            await sent

    async def room_for_answers(self) -> None:
        """Returns when the client has read most frames, or the queue was stopped."""
        await self.drain(self._max_unsent // 4)

    async def room_for_replay(self) -> None:
        """Returns when a page of a replay may be put, or the queue was stopped."""
        await self.drain(self._replay_ahead)

    def overflow(self) -> None:
        """Calls `on_overflow`: the client has lost deliveries."""
        self._on_overflow()

    def missed(self) -> None:
        """Calls `on_missed`: deliveries may never have come here."""
        self._on_missed()

    def stop(self) -> None:
        """Drops the queued frames and all later ones. Releases those who wait."""
        self._stopped = True
        if self._check is not None:
            self._check.cancel()
        self._items = self._on_empty = None
        self.unsent = self._unsent_unstored = 0
        self._wake_drained()
        self._wake_marks(self._number)

    def _send_first(self) -> bool:
        """Sends the first queued frame. True when the transport takes more."""
        assert self._items, "there is one"
        first = self._items[0]
        if self._present is not None and _is_stale(first, monotonic()):
            self._check = asyncio.create_task(self._check_waiting(self._present), name="frames that have waited")
            return False
        return self._transport.send(first.text, binary=self.binary)

    async def _check_waiting(self, present: Present) -> None:
        """Puts frames that have waited into their present form, then goes on to send."""
        now = monotonic()
        stale = [item for item in islice(self._items or (), MAX_CHECKED) if _is_stale(item, now)]
        deliveries = [item.delivery for item in stale if item.delivery is not None]
        try:
            while True:
                try:
                    renewed = await present(deliveries)
                    break
                except Unavailable:
                    await asyncio.sleep(CHECK_RETRY_SECONDS)
        except Exception:
            log.exception("frames were not checked")
            self._on_missed()
            return
        self._check = None
        self._replace({id(item): _renewed(item, delivery) for item, delivery in zip(stale, renewed, strict=True)})
        if not self._items:
            self._taken_all()
        elif self._transport.send(self._items[0].text, binary=self.binary):
            self.writable()

    def _replace(self, items: Mapping[int, _Item]) -> None:
        self._items = deque(items.get(id(item), item) for item in self._items or ())
        self.unsent = sum(item.octets for item in self._items)
        self._unsent_unstored = sum(item.octets for item in self._items if not item.stored)

    def _taken_all(self) -> None:
        if self._on_empty is not None:
            self._on_empty()

    def _wait(self, item: _Item) -> None:
        if self._items is None:
            self._items = deque()
        self._items.append(item)
        self._number += 1
        self.unsent += item.octets
        if not item.stored:
            self._unsent_unstored += item.octets
            if self._unsent_unstored > self._max_unsent and self.has_overflown(monotonic()):
                self._on_overflow()

    def _taken(self, item: _Item) -> None:
        self.last_sent = monotonic()
        self.unsent -= item.octets
        if not item.stored:
            self._unsent_unstored -= item.octets
        if item.delivery is not None and not item.is_acked:
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
        """Releases those who wait for frames up to number `taken`."""
        while self._marks and self._marks[0][0] <= taken:
            _, sent = self._marks.pop(0)
            if not sent.done():
                sent.set_result(None)


def _is_stale(item: _Item, now: float) -> bool:
    delivery = item.delivery
    return delivery is not None and delivery.message is not None and now - item.queued_at >= QUEUED_UNCHECKED_SECONDS


def _renewed(item: _Item, delivery: Delivery) -> _Item:
    assert item.delivery is not None, "only deliveries are checked"
    text = item.text if delivery.body == item.delivery.body else with_body(item.text, delivery.body)
    return _Item(text, octets(text), monotonic(), delivery, item.is_acked, item.stored)
