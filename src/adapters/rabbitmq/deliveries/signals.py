"""Publishes passing deliveries: transient, without confirms, and dropped while the broker does not take them."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from aio_pika.abc import AbstractChannel, AbstractConnection

from adapters.rabbitmq.connection.bounded import bounded
from adapters.rabbitmq.connection.link import Link
from adapters.rabbitmq.publisher import OutgoingMessage, hand_over
from adapters.rabbitmq.settings import RabbitSettings
from application.concurrency.background import BackgroundTask
from application.ports.push import Delivery

log = logging.getLogger(__name__)

MAX_WAITING: Final = 10_000
"""Deliveries that wait for the broker. It takes several 10,000 a second, so that more of them would come too late."""

MakeMessages = Callable[[Sequence[Delivery]], Iterable[OutgoingMessage]]


class Signals:
    """Publishes over `link`, on a channel without confirms that `open` makes. What waits together shares a message.

    So signals never wait for a confirm of messages, nor messages for a signal.
    """

    def __init__(self, link: Link, make_messages: MakeMessages, settings: RabbitSettings) -> None:
        self._link = link
        self._make_messages = make_messages
        self._timeout = settings.publish_timeout
        self._channel: AbstractChannel | None = None
        self._waiting: list[Delivery] = []
        self._arrived = asyncio.Event()
        self._task = BackgroundTask("signals", self._run)

    async def open(self, connection: AbstractConnection) -> None:
        """Uses this connection of the link from now on."""
        self._channel = await connection.channel(publisher_confirms=False)

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Publishes the deliveries soon, unless the broker is away or too many wait."""
        if self._link.is_up and len(self._waiting) + len(deliveries) <= MAX_WAITING:
            self._waiting.extend(deliveries)
            self._arrived.set()

    def start(self) -> None:
        """Starts to publish."""
        self._task.start()

    async def stop(self) -> None:
        """Publishes what waits, then stops. Idempotent."""
        await self._task.stop()
        await self._publish_waiting()

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            await self._publish_waiting()

    async def _publish_waiting(self) -> None:
        self._arrived.clear()
        waiting, self._waiting = self._waiting, []
        if not waiting or self._channel is None or not self._link.is_up or await self._link.is_blocked():
            return
        try:
            await bounded(self._publish(self._channel, self._make_messages(waiting)), self._timeout)
        except Exception as error:
            log.info("signals were dropped (%s)", type(error).__name__)
            self._link.drop()  # the next connection declares again what is missing

    @staticmethod
    async def _publish(channel: AbstractChannel, messages: Iterable[OutgoingMessage]) -> None:
        for outgoing in messages:
            await hand_over(channel, outgoing)
