"""The life of one instance: starts its parts in one order, and stops them in the reverse order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import NamedTuple, Protocol

from entrypoints.container import Container

log = logging.getLogger(__name__)

DRAIN_SHARE = 0.6
"""The share of the time for a stop in which connections are closed. The rest is for the work in progress."""


class Part(NamedTuple):
    """Something that runs in the background, or holds connections. `start` may return an awaitable."""

    name: str
    start: Callable[[], Awaitable[None] | None]
    stop: Callable[[], Awaitable[None]]


def parts_of(container: Container) -> Sequence[Part]:
    """All parts of an instance, each behind those that it hands work to.

    So it starts after them, and stops before them.

    The metrics of the workers are no part: they start when clients may connect.
    """
    return (
        Part("database", container.store().start, container.store().close),
        *_http_clients(container),
        Part("deliveries to check", lambda: None, container.present_push().stop),
        Part("broker", lambda: container.broker().start(container.present_push()), container.broker().stop),
        *_presence(container),
        _background("delivered receipts", container.delivered_receipts()),
        _background("unread events", container.sides().unread_events),
        _background("delivered marks", container.delivered()),
        _background("acks", container.acks()),
        _background("relay", container.relay()),
        _background("intake", container.intake()),
        *_queue_of_sends(container),
        _background("loop lag", container.loop_lag()),
        _background("descriptor watch", container.descriptors()),
        _background("watch", container.connections()),
    )


class Instance:
    """Starts, announces and stops the parts of one container, once each."""

    def __init__(self, container: Container) -> None:
        self._parts = parts_of(container)
        self._connections = container.connections()
        self._worker_metrics = container.worker_metrics()
        self._metrics = container.metrics()
        self._health = container.health()

    async def start(self) -> None:
        """Starts all parts.

        Raises `SchemaOutdated`, and the error of the driver when the database cannot be reached.
        """
        for part in self._parts:
            if (started := part.start()) is not None:
                await started
        self._health.ready = True

    async def announce(self) -> None:
        """Tells the other workers and the supervisor that clients may connect."""
        await self._worker_metrics.start(self._metrics.text)

    async def stop(self, within: float) -> None:
        """Closes the connections of clients, finishes the work in progress, and ends after `within` seconds at most."""
        await self._worker_metrics.stop()
        self._health.ready = False
        until = monotonic() + within
        await _within(until, "clients", self._connections.drain(within * DRAIN_SHARE))
        for part in reversed(self._parts):
            await _within(until, part.name, part.stop())


class _Background(Protocol):
    def start(self) -> None: ...

    async def stop(self) -> None: ...


def _background(name: str, work: _Background) -> Part:
    return Part(name, work.start, work.stop)


def _http_clients(container: Container) -> list[Part]:
    """The HTTP clients. They connect at their first request."""
    clients = container.flairbit(), container.keys()
    return [Part("HTTP client", lambda: None, client.close) for client in clients if hasattr(client, "close")]


def _presence(container: Container) -> list[Part]:
    """Who is connected where, if a feature needs it. It stops when all connections are closed."""
    presence = container.presence()
    return [_background("presence", presence.exchange)] if presence.is_needed else []


def _queue_of_sends(container: Container) -> list[Part]:
    queue = container.send_queue()
    if queue is None:
        return []
    queue.consume(container.submitted_sends())
    return [Part("queue of sends", queue.start, queue.stop)]


async def _within(until: float, name: str, work: Awaitable[None]) -> None:
    """Waits for `work` until the time `until`, and goes on even when it does not end or fails.

    Nothing that was promised is lost: it is in the database, and another instance delivers it.
    """
    try:
        async with asyncio.timeout(max(0.01, until - monotonic())):
            await work
    except TimeoutError:
        log.warning("%s did not end in time", name)
    except Exception:
        log.exception("%s did not end well", name)
