"""The life of one instance: what runs beside the requests, started and stopped in order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic

from entrypoints.container import Container
from entrypoints.observability.health import Health
from entrypoints.observability.readiness import hindrance
from entrypoints.server.descriptors import DescriptorWatch

log = logging.getLogger(__name__)

DRAIN_SHARE = 0.6  # of the time for a stop, for the clients; the rest is for the work in hand


class Instance:
    """`health` tells the load balancer when it may come."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._descriptors = DescriptorWatch()
        self.health = Health(
            {
                "database": lambda: container.store().check(),
                "broker": lambda: container.broker().wait_ready(),
            },
            hindrance=lambda: hindrance(container.store().failure, holds_sends=self._holds_sends()),
        )

    async def start(self) -> None:
        """Raises `SchemaOutdated`, and what the driver says when the database cannot be reached at the start."""
        container = self._container
        await container.store().prepare()
        container.store().watch()
        await container.broker().start(container.hub())
        if (queue := container.send_queue()) is not None:
            queue.consume(container.submitted_sends())
            await queue.start()
        container.dispatcher().start()
        container.intake().start()
        self._descriptors.start()
        container.delivered_receipts().start()
        container.loop_lag().start()
        container.delivered().start()
        container.acks().start()
        container.connections().start()
        self.health.ready = True

    async def stop(self, within: float) -> None:
        """Sends the clients away, finishes what is in hand, and ends `within` seconds whatever is away."""
        self.health.ready = False
        until = monotonic() + within
        await _within(until, "clients", self._container.connections().drain(within * DRAIN_SHARE))
        for name, stop in self._stops():
            await _within(until, name, stop())

    def _holds_sends(self) -> bool:
        """Whether a broker keeps what is sent over STOMP while the database is away."""
        return self._container.send_queue() is not None and self._container.broker().is_up

    def _stops(self) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        """In the order of a message's way: nobody is stopped before those who hand it work."""
        container = self._container
        queue = container.send_queue()
        clients = container.flairbit(), container.keys()
        return [
            ("watch", container.connections().stop),
            ("descriptor watch", self._descriptors.stop),
            ("loop lag", container.loop_lag().stop),
            *([("queue of sends", queue.stop)] if queue is not None else []),
            ("intake", container.intake().stop),
            ("dispatcher", container.dispatcher().stop),
            ("acks", container.acks().stop),
            ("delivered marks", container.delivered().stop),
            ("delivered receipts", container.delivered_receipts().stop),
            ("broker", container.broker().stop),
            *[("HTTP client", client.close) for client in clients if hasattr(client, "close")],
            ("database", container.store().close),
        ]


async def _within(until: float, name: str, work: Awaitable[None]) -> None:
    """What cannot end in time is left: everything promised is in the database, and the next instance goes on."""
    try:
        async with asyncio.timeout(max(0.01, until - monotonic())):
            await work
    except TimeoutError:
        log.warning("%s did not end in time", name)
    except Exception:
        log.exception("%s did not end well", name)
