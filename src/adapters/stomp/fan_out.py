"""Gives deliveries to many subscribers, over several turns of the event loop."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple, Protocol

from application.ports.push import Delivery, MessageKey

SLICE = 500
"""Subscribers that get a delivery in one turn of the event loop."""
MAX_WAITING = 1_000
"""Deliveries of one destination that may wait."""

log = logging.getLogger(__name__)


class Subscriber(Protocol):
    """A subscription at the hub."""

    def deliver(self, delivery: Delivery, head: str) -> None:
        """Gives the client a delivery. `head` is its `message_head`, which is shared by all subscribers."""
        ...

    def overrun(self, dropped: Sequence[Delivery]) -> None:
        """Deliveries to this subscriber were dropped. It reads them from the store, or ends the connection."""
        ...

    def missed(self) -> None:
        """Deliveries may be lost. It reads them from the store, or asks the client to resume."""
        ...


class _Dropped(NamedTuple):
    """Deliveries that were dropped: what a subscriber needs of them to know which messages it has missed."""

    deliveries: Sequence[Delivery]


class FanOut:
    """Gives deliveries to about `SLICE` subscribers in each turn of the event loop.

    Deliveries of a destination stay in order, and destinations take turns. `subscribers_of` is asked when a delivery
    begins, and again before each subscriber gets it, so that nobody gets a delivery after UNSUBSCRIBE.
    """

    def __init__(
        self, subscribers_of: Callable[[str], Collection[Subscriber]], head_of: Callable[[Delivery], str]
    ) -> None:
        self._subscribers_of = subscribers_of
        self._head_of = head_of
        self._waiting: dict[str, deque[Delivery | _Dropped]] = {}
        self._turns: deque[Iterator[None]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._served = 0  # in this turn of the event loop: deliveries, each subscriber counted for itself

    def __contains__(self, destination: str) -> bool:
        """Whether deliveries of `destination` wait or are being given."""
        return destination in self._waiting

    def add(self, delivery: Delivery) -> None:
        """Adds a delivery. Drops all waiting deliveries of its destination when there are too many.

        The subscribers are told of that in their turn.
        """
        destination = delivery.destination
        waiting = self._waiting.get(destination)
        if waiting is None:
            waiting = self._waiting[destination] = deque()
            self._turns.append(self._slices(destination, waiting))
        if len(waiting) >= MAX_WAITING:
            dropped = _Dropped(_outermost((*waiting, delivery)))
            waiting.clear()
            waiting.append(dropped)
        else:
            waiting.append(delivery)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="fan out")

    async def _run(self) -> None:
        try:
            while self._turns:
                self._served = 0
                while self._turns and self._served < SLICE:
                    slices = self._turns.popleft()
                    if self._advance(slices):
                        self._turns.append(slices)
                await asyncio.sleep(0)
        finally:
            self._task = None

    def _advance(self, slices: Iterator[None]) -> bool:
        try:
            next(slices)
        except StopIteration:
            return False
        except Exception as error:  # a delivery that fails must not stop the others
            log.error("deliveries were dropped (%s)", type(error).__name__)
            return False
        return True

    def _slices(self, destination: str, waiting: deque[Delivery | _Dropped]) -> Iterator[None]:
        try:
            while waiting:
                yield from self._pass_on(destination, waiting.popleft())
        finally:
            del self._waiting[destination]

    def _pass_on(self, destination: str, item: Delivery | _Dropped) -> Iterator[None]:
        subscribers = self._subscribers_of(destination)
        tell, cost = self._telling(item)
        for subscriber in tuple(subscribers):
            self._served += cost
            if subscriber in subscribers:
                tell(subscriber)
            if self._served >= SLICE:
                yield
        yield

    def _telling(self, item: Delivery | _Dropped) -> tuple[Callable[[Subscriber], None], int]:
        """What to do with each subscriber, and how many deliveries that counts as."""
        if isinstance(item, _Dropped):
            dropped = item.deliveries
            return lambda subscriber: subscriber.overrun(dropped), len(dropped)
        delivery, head = item, self._head_of(item)
        return lambda subscriber: subscriber.deliver(delivery, head), 1


def _outermost(items: Sequence[Delivery | _Dropped]) -> Sequence[Delivery]:
    """The first and the last message of each session, by `seq`, and one of the deliveries without a message."""
    of_none: list[Delivery] = []
    first: dict[object, tuple[MessageKey, Delivery]] = {}
    last: dict[object, tuple[MessageKey, Delivery]] = {}
    for item in items:
        for delivery in item.deliveries if isinstance(item, _Dropped) else (item,):
            key = delivery.message
            if key is None:
                of_none = [delivery]
                continue
            for ends, sign in ((first, 1), (last, -1)):
                known = ends.get(key.session_id)
                if known is None or sign * key.seq < sign * known[0].seq:
                    ends[key.session_id] = key, delivery
    return [*of_none, *(delivery for ends in (first, last) for _, delivery in ends.values())]
