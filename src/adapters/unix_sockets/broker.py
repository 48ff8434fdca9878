"""Deliveries to every worker of this machine."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from uuid import uuid4

from adapters.unix_sockets.frames import Hello, write_hello
from adapters.unix_sockets.incoming import Incoming
from adapters.unix_sockets.meeting_place import MeetingPlace
from adapters.unix_sockets.outgoing import OutgoingLink
from adapters.unix_sockets.settings import UnixSettings
from application.delivery.recent import RecentDeliveries
from application.ports.push import Delivery, Push
from application.wire.deliveries import CONTENT_TYPE, pack

log = logging.getLogger(__name__)


class UnixBroker:
    """Worker number `index` of those that meet at `place`, each with a link to every other.

    It cannot be away: a worker that is not reached has died, and its clients with it, or learns afterwards that it
    has missed deliveries. Then `on_gap` is called there, and clients are to be asked to resume.
    """

    def __init__(
        self,
        place: MeetingPlace,
        index: int,
        *,
        on_gap: Callable[[], None] = lambda: None,
        settings: UnixSettings | None = None,
    ) -> None:
        self._place = place
        self._index = index
        self._on_gap = on_gap
        self._settings = settings or UnixSettings()
        self._life = uuid4().hex
        self._push: Push | None = None
        self._links: dict[int, OutgoingLink] = {}
        self._incoming: Incoming | None = None
        self._secret = b""
        self._recent = RecentDeliveries(self._settings.max_remembered, self._settings.max_remembered)
        self._unanswered: set[int] = set()
        self._welcomes: set[asyncio.Task[None]] = set()

    async def start(self, push: Push) -> None:
        """Returns when every worker that is there sends to this one, or has not answered for `join_timeout`.

        Raises `NotPrivate` and OSError.
        """
        self._push = push
        self._secret = self._place.secret()
        self._incoming = Incoming(
            self._place.socket(self._index),
            self._secret,
            self._life,
            self._settings,
            receive=self._receive,
            on_hello=self._answer,
            on_gap=self._tell_gap,
        )
        await self._incoming.start()
        await self._join()

    async def stop(self) -> None:
        for task in self._welcomes:
            task.cancel()
        links, self._links = list(self._links.values()), {}
        await asyncio.gather(*(link.stop() for link in links))
        if self._incoming is not None:
            self._incoming.stop()
        self._push = None

    async def publish(self, deliveries: Sequence[Delivery]) -> None:
        """As the port says. While a worker takes too little, this waits, until that one is cut off."""
        if not deliveries:
            return
        self._push_new(deliveries)
        for piece in pack(deliveries, self._settings.batch_bytes):
            for link in self._links.values():
                link.send(piece)
        for link in list(self._links.values()):
            await link.drain()

    def push_here(self, deliveries: Sequence[Delivery]) -> None:
        self._push_new(deliveries)
        self._recent.pushed(deliveries)

    def may_have_listener(self, queue: str) -> bool:
        """Workers do not tell each other who subscribes to what."""
        return True

    @property
    def is_up(self) -> bool:
        return True

    async def wait_ready(self) -> None:
        """It cannot be away."""

    async def _join(self) -> None:
        await asyncio.gather(*(self._introduce(index) for index in self._place.others(self._index)))

    async def _introduce(self, index: int) -> None:
        """A worker that is there and does not answer in time may have published what this one has not got."""
        try:
            async with asyncio.timeout(self._settings.join_timeout):
                await self._link(index).introduced()
        except TimeoutError:
            log.warning("worker %d does not answer", index)
            self._unanswered.add(index)

    def _link(self, index: int) -> OutgoingLink:
        """The link to a worker, made when it is first heard of."""
        link = self._links.get(index)
        if link is None:
            link = self._links[index] = OutgoingLink(self._place.socket(index), self._greeting, self._settings)
            link.start()
        return link

    def _greeting(self, sent_before: int) -> bytes:
        return write_hello(Hello(self._secret, CONTENT_TYPE, self._index, self._life, sent_before))

    def _answer(self, hello: Hello, welcome: Callable[[], None]) -> None:
        """A worker has come: it is welcomed once it gets what this one publishes."""
        self._link(hello.index).connect_now()
        task = asyncio.create_task(self._welcome(hello, welcome))
        self._welcomes.add(task)
        task.add_done_callback(self._welcomes.discard)
        if hello.index in self._unanswered:
            self._unanswered.discard(hello.index)
            self._tell_gap(f"worker {hello.index} did not answer before")

    async def _welcome(self, hello: Hello, welcome: Callable[[], None]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.join_timeout):
                await self._link(hello.index).reaches(hello.life)
                welcome()

    def _receive(self, deliveries: Sequence[Delivery]) -> None:
        self._push_new(self._recent.unreceived(deliveries))

    def _push_new(self, deliveries: Sequence[Delivery]) -> None:
        """Without those that were pushed here before their publish."""
        if self._push is not None and (new := self._recent.unpushed(deliveries)):
            self._push.push(new)

    def _tell_gap(self, reason: str) -> None:
        log.warning("deliveries are missing here: %s", reason)
        self._on_gap()
