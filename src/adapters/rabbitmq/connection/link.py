"""A connection that reconnects for ever.

It replaces aio-pika's robust connection. That one raises when the first connect fails, knows only one node, and
restores the topology that it remembers instead of the one that is needed now.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle

from aio_pika.abc import AbstractChannel
from yarl import URL

from adapters.rabbitmq.connection.backoff import Backoff
from adapters.rabbitmq.connection.bounded import first_of
from adapters.rabbitmq.connection.single_connection import Prepare, SingleConnection
from adapters.rabbitmq.settings import RabbitSettings
from application.concurrency.background import BackgroundTask
from domain.errors import Unavailable

log = logging.getLogger(__name__)

Serve = Callable[[AbstractChannel], Awaitable[None]]


class Link:
    """One connection with one channel, to any of the nodes.

    `prepare` runs after each connect, before the link is up, and declares the topology. `serve` runs while the link is
    up. The link reconnects when `serve` fails, and when the channel or the connection is lost.
    """

    def __init__(
        self, urls: Sequence[str], name: str, settings: RabbitSettings, prepare: Prepare, serve: Serve | None = None
    ) -> None:
        self._urls = [_with_heartbeat(URL(url), settings.heartbeat) for url in urls]
        self._name = name
        self._settings = settings
        self._prepare = prepare
        self._serve = serve
        self._backoff = Backoff(settings.first_backoff, settings.max_backoff)
        self._current: SingleConnection | None = None
        self._channel: AbstractChannel | None = None
        self._up = asyncio.Event()
        self._down = asyncio.Event()
        self._down.set()
        self._has_failed = self._is_away = False
        self._task = BackgroundTask(name, self._run)

    @property
    def has_failed(self) -> bool:
        """Whether the link was ever lost, or the first connect failed."""
        return self._has_failed

    @property
    def is_up(self) -> bool:
        """Whether the link is connected and prepared."""
        return self._up.is_set()

    def start(self) -> None:
        """Starts to connect, and returns at once. `wait_writable` waits until the link is up."""
        self._task.start()

    async def stop(self) -> None:
        """Closes the connection. Idempotent."""
        await self._task.stop()

    def drop(self) -> None:
        """Closes the present connection, if there is one, and opens a new one, perhaps to another node."""
        if self._current is not None:
            self._current.abort()

    async def writable(self) -> AbstractChannel:
        """The channel. Raises `Unavailable` when the link is down, or when an alarm of the broker blocks it."""
        if self._channel is None:
            raise Unavailable("the broker is away")
        if await self.is_blocked():
            raise Unavailable("the broker takes nothing at the moment")
        return self._channel

    async def is_blocked(self) -> bool:
        """Whether the broker has sent `connection.blocked`, since it is short of memory or disk space."""
        try:
            async with asyncio.timeout(0):
                await self._unblocked()
        except TimeoutError:
            return True
        return False

    async def wait_writable(self) -> None:
        """Returns when `writable` can succeed."""
        while True:
            await self._up.wait()
            await first_of(self._unblocked(), self._down.wait())
            if self._channel is not None:
                return

    async def _unblocked(self) -> None:
        if self._current is not None:
            await self._current.unblocked()

    async def _run(self) -> None:
        # random, so that instances start with different nodes
        for url in cycle(random.sample(self._urls, len(self._urls))):
            try:
                await self._connect_and_serve(url)
            except (Exception, asyncio.CancelledError) as error:
                # the library cancels those who wait on a connection that it closes
                if _is_cancelled():
                    raise asyncio.CancelledError from error
                # warns once in an outage
                level = logging.DEBUG if self._is_away else logging.WARNING
                log.log(level, "%s: no link to %s:%s (%s)", self._name, url.host, url.port, type(error).__name__)
            self._has_failed = self._is_away = True
            await asyncio.sleep(self._backoff.next())

    async def _connect_and_serve(self, url: URL) -> None:
        self._current = connection = SingleConnection(url, self._name)
        try:
            channel = await connection.open(self._prepare, self._settings.connect_timeout)
            self._set_up(channel, url)
            await connection.until_lost(None if self._serve is None else self._serve(channel))
        finally:
            self._set_down(url)
            await connection.close()

    def _set_up(self, channel: AbstractChannel, url: URL) -> None:
        log.info("%s: linked to %s:%s", self._name, url.host, url.port)
        self._backoff.reset()
        self._is_away = False
        self._channel = channel
        self._down.clear()
        self._up.set()

    def _set_down(self, url: URL) -> None:
        if self._up.is_set():
            log.info("%s: unlinked from %s:%s", self._name, url.host, url.port)
        self._channel = None
        self._up.clear()
        self._down.set()


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _with_heartbeat(url: URL, seconds: int) -> URL:
    return url if "heartbeat" in url.query else url.update_query(heartbeat=seconds)
