"""Binds this instance's queue to the buckets of the destinations that its connections subscribe to."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection, Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from time import monotonic
from typing import Any, Final

from aio_pika.abc import AbstractChannel
from aiormq.abc import AbstractChannel as UnderlayChannel

from adapters.rabbitmq.connection.bounded import bounded
from adapters.rabbitmq.routing import ANY_BUCKET, EVERY_BUCKET, bucket_key
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.topology import ROUTED_EXCHANGE

log = logging.getLogger(__name__)

MISSED_AT_ONCE: Final = 500
"""Destinations that `missed` gets in one call."""
MISSED_EVERY: Final = 0.1
"""Seconds between these calls, since some of their clients connect again."""


class Bindings:
    """Keeps the bindings of one queue, while `keep` runs. A binding takes RabbitMQ about 2 ms, so few are made.

    A bucket is bound at its first subscriber, and unbound when it had none for `settings.unbind_after` seconds.

    When more than `settings.bind_at_once` wait, or more than `settings.max_bindings` would be bound, one call binds the
    queue to every bucket instead. That lasts until fewer than `settings.bind_at_once` came within
    `settings.unbind_after` seconds, and at most `settings.max_bindings` are in use. First these are bound one by one.

    `missed` gets the destinations whose subscribers went on without their binding, once it is there.
    """

    def __init__(self, settings: RabbitSettings, missed: Callable[[Collection[str]], None]) -> None:
        self._settings = settings
        self._missed = missed
        self._queue: str | None = None
        self._lives = 0  # how often all bindings were lost
        self._subscribers: Counter[str] = Counter()
        self._bound: set[str] = set()
        self._unbinding: set[str] = set()
        self._pending: dict[str, asyncio.Future[None]] = {}
        self._unused_since: dict[str, float] = {}
        self._late: dict[str, None] = {}
        self._arrivals: deque[float] = deque(maxlen=settings.bind_at_once)  # of buckets without subscribers until then
        self._down_since = monotonic()
        self._is_up = False
        self._wake = asyncio.Event()

    def listen(self, destination: str) -> Awaitable[None] | None:
        """See `Broker.listen`. The result returns `settings.bind_patience` after this call at the latest."""
        key = bucket_key(destination)
        self._subscribers[key] += 1
        if self._subscribers[key] == 1:
            self._unused_since.pop(key, None)
            self._arrivals.append(monotonic())
        if self._is_covered(key):
            return None
        pending = self._pending.get(key)
        if pending is None:
            pending = self._pending[key] = asyncio.get_running_loop().create_future()
            self._wake.set()
        if not self._is_up and monotonic() - self._down_since > self._settings.bind_patience:
            self._late[destination] = None
            return None
        return _Wait(self._late, destination, pending, monotonic() + self._settings.bind_patience)

    def unlisten(self, destination: str) -> None:
        """See `Broker.unlisten`."""
        key = bucket_key(destination)
        self._subscribers[key] -= 1
        if self._subscribers[key] > 0:
            return
        del self._subscribers[key]
        self._late.pop(destination, None)
        self._settle([key])
        if key in self._bound:
            self._unused_since[key] = monotonic()

    def move_to(self, queue: str) -> None:
        """From now on it is about this queue. When it is another one than before, it has no bindings yet."""
        if queue != self._queue:
            self._queue = queue
            self.bind_again()

    def bind_again(self) -> None:
        """The queue has no bindings any more. Whoever comes from now on waits for a new one."""
        self._lives += 1
        self._bound.clear()
        self._unbinding.clear()
        self._unused_since.clear()
        for key in self._subscribers:
            if key not in self._pending:
                self._pending[key] = asyncio.get_running_loop().create_future()
        self._wake.set()

    async def keep(self, channel: AbstractChannel) -> None:
        """Binds the queue as needed until it is cancelled. Raises what the library raises, and `TimeoutError`."""
        underlay = await channel.get_underlay_channel()
        try:
            if self._bound:
                await self._bind(underlay, self._bound)  # somebody may have deleted the exchange meanwhile
            self._is_up = True
            await self._keep(underlay)
        finally:
            self._is_up, self._down_since = False, monotonic()

    async def _keep(self, channel: UnderlayChannel) -> None:
        while True:
            self._wake.clear()
            await self._bind_pending(channel)
            await self._leave_every_bucket(channel)
            await self._unbind_unused(channel)
            timeout = MISSED_EVERY if self._report_late() else self._settings.unbind_after / 10
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._wake.wait()

    async def _bind_pending(self, channel: UnderlayChannel) -> None:
        while self._pending:
            waiting = len(self._pending)
            too_many = waiting + len(self._bound) > self._settings.max_bindings
            if waiting > self._settings.bind_at_once or too_many:
                await self._bind(channel, [EVERY_BUCKET])
            else:
                await self._bind(channel, [ANY_BUCKET, *self._pending])
            self._settle([key for key in self._pending if self._is_covered(key)])

    async def _leave_every_bucket(self, channel: UnderlayChannel) -> None:
        """Binds the buckets in use instead of every bucket, when they are few and none is new."""
        while EVERY_BUCKET in self._bound and self._is_settled():
            missing = [key for key in self._subscribers if key not in self._bound]
            if missing:
                await self._bind(channel, [ANY_BUCKET, *missing[: self._settings.bind_at_once]])
            else:
                await self._unbind(channel, EVERY_BUCKET)

    def _is_settled(self) -> bool:
        arrivals = self._arrivals
        is_quiet = (
            len(arrivals) < self._settings.bind_at_once or monotonic() - arrivals[0] >= self._settings.unbind_after
        )
        return is_quiet and len(self._subscribers) <= self._settings.max_bindings

    async def _unbind_unused(self, channel: UnderlayChannel) -> None:
        until = monotonic() - self._settings.unbind_after
        unused = [key for key, since in self._unused_since.items() if since <= until]
        for key in [*self._unbinding, *unused][: self._settings.bind_at_once]:
            if key not in self._bound or key in self._unused_since:
                await self._unbind(channel, key)
            if self._pending:
                return
        if self._bound == {ANY_BUCKET} and not self._subscribers:
            await self._unbind(channel, ANY_BUCKET)

    async def _bind(self, channel: UnderlayChannel, keys: Iterable[str]) -> None:
        """Returns when the broker has confirmed all bindings: it answers in order, so that only the last is awaited."""
        *others, last = tuple(keys)
        queue, lives = self._queue, self._lives
        assert queue is not None, "it is kept"
        for key in others:
            await channel.queue_bind(queue, ROUTED_EXCHANGE, key, nowait=True)
        await bounded(channel.queue_bind(queue, ROUTED_EXCHANGE, last), self._settings.connect_timeout)
        if lives != self._lives:
            return  # what was bound meanwhile may be lost
        self._unbinding.difference_update(others, [last])
        self._bound.update(others, [last])
        for key in (*others, last):
            if key not in self._subscribers and key not in (ANY_BUCKET, EVERY_BUCKET):
                self._unused_since.setdefault(key, monotonic())

    async def _unbind(self, channel: UnderlayChannel, key: str) -> None:
        assert self._queue is not None, "it is kept"
        self._bound.discard(key)  # before the call, so that whoever comes meanwhile waits for a new binding
        self._unused_since.pop(key, None)
        self._unbinding.add(key)
        await bounded(channel.queue_unbind(self._queue, ROUTED_EXCHANGE, key), self._settings.connect_timeout)
        self._unbinding.discard(key)

    def _is_covered(self, key: str) -> bool:
        return EVERY_BUCKET in self._bound or (key in self._bound and ANY_BUCKET in self._bound)

    def _settle(self, keys: Iterable[str]) -> None:
        for key in keys:
            pending = self._pending.pop(key, None)
            if pending is not None:
                pending.set_result(None)

    def _report_late(self) -> bool:
        """Reports some of the destinations that are bound by now. True when there may be more."""
        bound = (destination for destination in self._late if self._is_covered(bucket_key(destination)))
        some = list(islice(bound, MISSED_AT_ONCE))
        for destination in some:
            del self._late[destination]
        if some:
            log.info("%d subscriptions went on without their bindings, which are there now", len(some))
            self._missed(some)
        return len(some) == MISSED_AT_ONCE


@dataclass(frozen=True, slots=True, eq=False)
class _Wait:
    """Waits for a binding until `deadline`. No coroutine, which would warn when its client goes before it waits."""

    late: dict[str, None]
    destination: str
    pending: "asyncio.Future[None]"
    deadline: float

    def __await__(self) -> Generator[Any, None, None]:
        return self._wait().__await__()

    async def _wait(self) -> None:
        await asyncio.wait([self.pending], timeout=max(0.0, self.deadline - monotonic()))
        if not self.pending.done():
            self.late[self.destination] = None
