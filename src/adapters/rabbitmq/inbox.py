"""Consumes a queue, and takes all messages that are there at once."""

import asyncio

from aio_pika.abc import AbstractChannel
from aiormq.abc import DeliveredMessage

from adapters.rabbitmq.received import Received


class ConsumerLost(Exception):
    """The broker has cancelled the consumer, since its queue was deleted or moved."""


class Inbox:
    """Consumes one queue on the channel of a link. The prefetch count limits what waits here.

    Of larger bodies than `max_body` octets only the beginning is kept: RabbitMQ limits a consumer by messages only.
    """

    def __init__(self, max_body: int | None = None) -> None:
        self._max_body = max_body
        self._waiting: asyncio.Queue[Received | None] = asyncio.Queue()

    async def open(self, channel: AbstractChannel, queue: str, prefetch: int) -> None:
        """Starts to consume `queue`. At most `prefetch` messages are without an ack."""
        await channel.set_qos(prefetch_count=prefetch)
        underlay = await channel.get_underlay_channel()
        underlay.on_consumer_cancel_callbacks.add(lambda _: self._waiting.put_nowait(None))
        await underlay.basic_consume(queue, self._put)

    async def take(self) -> list[Received]:
        """All waiting messages, in order. Waits for the first one. Raises `ConsumerLost`."""
        return self._checked([await self._waiting.get(), *self._there()])

    def take_nowait(self) -> list[Received]:
        """All waiting messages, in order, perhaps none. Raises `ConsumerLost`."""
        return self._checked(self._there())

    def _there(self) -> list[Received | None]:
        messages: list[Received | None] = []
        while not self._waiting.empty():
            messages.append(self._waiting.get_nowait())
        return messages

    @staticmethod
    def _checked(messages: list[Received | None]) -> list[Received]:
        taken = [message for message in messages if message is not None]
        if len(taken) < len(messages):
            raise ConsumerLost
        return taken

    async def _put(self, delivered: DeliveredMessage) -> None:
        self._waiting.put_nowait(Received(delivered, self._max_body))
