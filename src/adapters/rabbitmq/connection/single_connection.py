"""One connection to one node, until it is lost."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aio_pika import Connection
from aio_pika.abc import AbstractChannel, AbstractConnection
from yarl import URL

from adapters.rabbitmq.connection import lenient_decoding
from adapters.rabbitmq.connection.abortable_transport import AbortableTransport
from adapters.rabbitmq.connection.bounded import bounded, first_of

log = logging.getLogger(__name__)

CLOSE_TIMEOUT = 2.0

Prepare = Callable[[AbstractConnection], Awaitable[None]]


class SingleConnection:
    """A connection with one channel. `name` is what the broker's management shows."""

    def __init__(self, url: URL, name: str) -> None:
        lenient_decoding.install()
        self._name = name
        self._transport = AbortableTransport()
        self._connection = Connection(url, client_properties={"connection_name": name})
        self._connection.kwargs["transport_factory"] = self._transport
        self._lost = asyncio.Event()
        self._connection.close_callbacks.add(lambda *_: self._lost.set())

    async def open(self, prepare: Prepare, timeout: float) -> AbstractChannel:  # noqa: ASYNC109 - see `bounded`
        """Connects, runs `prepare` and opens the channel, within `timeout` seconds.

        Raises `TimeoutError`, and whatever the library or `prepare` raises.
        """
        return await bounded(self._open(prepare), timeout)

    async def until_lost(self, serve: Awaitable[None] | None) -> None:
        """Returns when the connection or its channel is lost, or when `serve` ends. Raises what `serve` raises."""
        if serve is None:
            await self._lost.wait()
        else:
            await first_of(self._lost.wait(), serve)

    async def unblocked(self) -> None:
        """Returns when the broker has no alarm, which may be at once."""
        if self._connection.transport is not None:
            await self._connection.transport.ready()

    async def close(self) -> None:
        """Closes in order if the node answers within 2 s. Otherwise drops the socket."""
        try:
            await bounded(self._connection.close(), CLOSE_TIMEOUT)
        except (Exception, asyncio.CancelledError) as error:
            log.debug("%s: the connection did not close in order (%s)", self._name, type(error).__name__)
        finally:
            self.abort()

    def abort(self) -> None:
        """Drops the socket at once. Idempotent."""
        self._transport.abort()

    async def _open(self, prepare: Prepare) -> AbstractChannel:
        await self._connection.connect()
        await prepare(self._connection)
        channel = self._connection.channel(on_return_raises=True)
        channel.close_callbacks.add(lambda *_: self._lost.set())
        await channel.initialize()
        return channel
