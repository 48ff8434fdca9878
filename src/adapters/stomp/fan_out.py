"""Gives deliveries to many subscribers, over several turns of the event loop."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol

from application.ports.push import Delivery

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
        self._waiting: dict[str, deque[Delivery]] = {}
        self._turns: deque[Iterator[None]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._served = 0  # subscribers in this turn of the event loop

    def __contains__(self, destination: str) -> bool:
        """Whether deliveries of `destination` wait or are being given."""
        return destination in self._waiting

    def add(self, delivery: Delivery) -> None:
        """Adds a delivery. Drops all waiting deliveries of its destination when there are too many."""
        destination = delivery.destination
        waiting = self._waiting.get(destination)
        if waiting is None:
            waiting = self._waiting[destination] = deque()
            self._turns.append(self._slices(destination, waiting))
        if len(waiting) >= MAX_WAITING:
            dropped = (*waiting, delivery)
            waiting.clear()
            for subscriber in tuple(self._subscribers_of(destination)):
                subscriber.overrun(dropped)
            return
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

    def _slices(self, destination: str, waiting: deque[Delivery]) -> Iterator[None]:
        try:
            while waiting:
                yield from self._deliver(waiting.popleft())
        finally:
            del self._waiting[destination]

    def _deliver(self, delivery: Delivery) -> Iterator[None]:
        subscribers = self._subscribers_of(delivery.destination)
        head = self._head_of(delivery)
        for subscriber in tuple(subscribers):
            self._served += 1
            if subscriber in subscribers:
                subscriber.deliver(delivery, head)
            if self._served >= SLICE:
                yield
        yield
