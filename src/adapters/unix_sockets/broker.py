"""A broker between the workers of one machine (contract, section 8)."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from uuid import uuid4

from adapters.unix_sockets.frames import Hello, write_hello
from adapters.unix_sockets.listener import DeliveryListener
from adapters.unix_sockets.outgoing import OutgoingLink
from adapters.unix_sockets.settings import UnixSettings
from adapters.unix_sockets.worker_directory import WorkerDirectory
from application.delivery.recent_deliveries import RecentDeliveries
from application.ports.push import Delivery, Push
from application.wire.deliveries import CONTENT_TYPE, pack

log = logging.getLogger(__name__)


class UnixBroker:
    """The broker of worker number `index`. It has a link to every other worker in `directory`.

    It is never away: a worker that it cannot reach has died, and its clients with it, or notices later that
    deliveries were lost. That worker then calls its `on_gap`, which should ask clients to resume.
    """

    def __init__(
        self,
        directory: WorkerDirectory,
        index: int,
        *,
        on_gap: Callable[[], None] = lambda: None,
        settings: UnixSettings | None = None,
    ) -> None:
        self._directory = directory
        self._index = index
        self._on_gap = on_gap
        self._settings = settings or UnixSettings()
        self._incarnation = uuid4().hex
        self._push: Push | None = None
        self._links: dict[int, OutgoingLink] = {}
        self._listener: DeliveryListener | None = None
        self._secret = b""
        self._recent = RecentDeliveries(self._settings.max_remembered, self._settings.max_remembered)
        self._unanswered: set[int] = set()
        self._welcoming: set[asyncio.Task[None]] = set()

    async def start(self, push: Push) -> None:
        """See `Broker.start`. Returns when every other worker sends to this one, or after `join_timeout`.

        Raises `NotPrivate`, and OSError when it cannot listen.
        """
        self._push = push
        self._secret = self._directory.secret()
        self._listener = DeliveryListener(
            self._directory.socket(self._index),
            self._secret,
            self._incarnation,
            self._settings,
            wants=push.wants,
            receive=self._receive,
            on_hello=self._on_hello,
            on_gap=self._report_gap,
        )
        await self._listener.start()
        await self._join()

    async def stop(self) -> None:
        """See `Broker.stop`."""
        for task in self._welcoming:
            task.cancel()
        links, self._links = list(self._links.values()), {}
        await asyncio.gather(*(link.stop() for link in links))
        if self._listener is not None:
            self._listener.stop()
        self._push = None

    async def publish(self, deliveries: Sequence[Delivery]) -> None:
        """See `Broker.publish`. Waits for a worker that reads slowly, until its link is cut."""
        if not deliveries:
            return
        self._push_new(deliveries)
        for piece in pack(deliveries, self._settings.batch_bytes):
            for link in self._links.values():
                link.send(piece.body)
        for link in list(self._links.values()):
            await link.drain()

    def listen(self, destination: str) -> None:
        """Nothing to do: every worker gets every delivery."""

    def unlisten(self, destination: str) -> None:
        """Nothing to do: every worker gets every delivery."""

    def push_here(self, deliveries: Sequence[Delivery]) -> None:
        """See `Broker.push_here`."""
        self._push_new(deliveries)
        self._recent.add_pushed(deliveries)

    def signal(self, deliveries: Sequence[Delivery]) -> None:
        """See `Broker.signal`. A worker that reads slowly gets none."""
        if not deliveries:
            return
        self._push_new(deliveries)
        for piece in pack(deliveries, self._settings.batch_bytes):
            for link in self._links.values():
                link.offer(piece.body)

    def may_have_listener(self, queue: str) -> bool:
        """True: workers do not tell each other their subscriptions."""
        return True

    @property
    def is_up(self) -> bool:
        """See `Broker.is_up`."""
        return True

    async def wait_ready(self) -> None:
        """Returns at once."""

    async def _join(self) -> None:
        await asyncio.gather(*(self._wait_for(index) for index in self._directory.others(self._index)))

    async def _wait_for(self, index: int) -> None:
        """Waits for the welcome of a worker. One that does not answer may have published deliveries meanwhile."""
        try:
            async with asyncio.timeout(self._settings.join_timeout):
                await self._link(index).wait_welcome()
        except TimeoutError:
            log.warning("worker %d does not answer", index)
            self._unanswered.add(index)

    def _link(self, index: int) -> OutgoingLink:
        """The link to a worker. Makes it at the first call."""
        link = self._links.get(index)
        if link is None:
            link = self._links[index] = OutgoingLink(self._directory.socket(index), self._make_hello, self._settings)
            link.start()
        return link

    def _make_hello(self, sent_before: int) -> bytes:
        return write_hello(Hello(self._secret, CONTENT_TYPE, self._index, self._incarnation, sent_before))

    def _on_hello(self, hello: Hello, welcome: Callable[[], None]) -> None:
        """Connects to a worker that has connected to this one, and welcomes it when it gets our deliveries."""
        self._link(hello.index).connect_now()
        task = asyncio.create_task(self._welcome(hello, welcome))
        self._welcoming.add(task)
        task.add_done_callback(self._welcoming.discard)
        if hello.index in self._unanswered:
            self._unanswered.discard(hello.index)
            self._report_gap(f"worker {hello.index} did not answer at the start")

    async def _welcome(self, hello: Hello, welcome: Callable[[], None]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.join_timeout):
                await self._link(hello.index).wait_connected(hello.incarnation)
                welcome()

    def _receive(self, deliveries: Sequence[Delivery]) -> None:
        self._push_new(self._recent.without_received(deliveries))

    def _push_new(self, deliveries: Sequence[Delivery]) -> None:
        """Pushes deliveries, except those that `push_here` has pushed."""
        if self._push is not None and (new := self._recent.without_pushed(deliveries)):
            self._push.push(new)

    def _report_gap(self, reason: str) -> None:
        log.warning("deliveries of another worker were lost: %s", reason)
        self._on_gap()
