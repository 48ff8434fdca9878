"""A connection that is kept up for ever.

Own supervision instead of aio-pika's robust connection: that one raises when the first connect fails, knows one node
only, and restores what it remembers instead of what is meant.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle

from aio_pika.abc import AbstractChannel
from yarl import URL

from adapters.rabbitmq.backoff import Backoff
from adapters.rabbitmq.bounded import first_of
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.single_connection import Prepare, SingleConnection
from application.concurrency.background import BackgroundTask
from domain.errors import Unavailable

log = logging.getLogger(__name__)

Serve = Callable[[AbstractChannel], Awaitable[None]]


class Link:
    """One connection with one channel, to whichever of the nodes answers.

    `prepare` runs after every connect and before the link is up: it declares what is needed. `serve` runs while the
    link is up; when it fails, as when the channel or the connection is lost, all of it begins anew.
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
        """Whether the link was ever lost, or not there at the first try."""
        return self._has_failed

    @property
    def is_up(self) -> bool:
        return self._up.is_set()

    def start(self) -> None:
        """Returns at once; `wait_writable` tells when the link is up."""
        self._task.start()

    async def stop(self) -> None:
        """Idempotent."""
        await self._task.stop()

    def drop(self) -> None:
        """Gives this connection up for a new one, perhaps to another node."""
        if self._current is not None:
            self._current.abort()

    async def writable(self) -> AbstractChannel:
        """The channel. Raises `Unavailable` when the link is down, or blocked by an alarm of the broker."""
        if self._channel is None:
            raise Unavailable("the broker is away")
        if await self.is_blocked():
            raise Unavailable("the broker takes nothing at the moment")
        return self._channel

    async def is_blocked(self) -> bool:
        """Whether the broker has said `connection.blocked`: it is short of memory or disk space."""
        try:
            async with asyncio.timeout(0):
                await self._unblocked()
        except TimeoutError:
            return True
        return False

    async def wait_writable(self) -> None:
        """Returns when `writable` has a chance to."""
        while True:
            await self._up.wait()
            await first_of(self._unblocked(), self._down.wait())
            if self._channel is not None:
                return

    async def _unblocked(self) -> None:
        if self._current is not None:
            await self._current.unblocked()

    async def _run(self) -> None:
        # every instance begins with another node
        for url in cycle(random.sample(self._urls, len(self._urls))):
            try:
                await self._connect_and_serve(url)
            except (Exception, asyncio.CancelledError) as error:
                # the library also cancels what waits on a connection that it closes
                if _is_cancelled():
                    raise asyncio.CancelledError from error
                # the first of an outage; how long it lasts is seen by when the link is back
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
