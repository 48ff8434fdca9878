"""Messages of a queue, taken as they are there."""

import asyncio

from aio_pika.abc import AbstractChannel
from aiormq.abc import DeliveredMessage

from adapters.rabbitmq.received import Received


class ConsumerLost(Exception):
    """The broker has cancelled the consumer: its queue was deleted, or moved."""


class Inbox:
    """Consumes one queue on a channel of its own link; the prefetch count bounds what waits here."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Received | None] = asyncio.Queue()

    async def open(self, channel: AbstractChannel, queue: str, prefetch: int) -> None:
        await channel.set_qos(prefetch_count=prefetch)
        underlay = await channel.get_underlay_channel()
        underlay.on_consumer_cancel_callbacks.add(lambda _: self._waiting.put_nowait(None))
        await underlay.basic_consume(queue, self._put)

    async def take(self) -> list[Received]:
        """All that is there, in order; waits for the first. Raises `ConsumerLost`."""
        return self._checked([await self._waiting.get(), *self._there()])

    def take_nowait(self) -> list[Received]:
        """All that is there, in order; perhaps nothing. Raises `ConsumerLost`."""
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
        self._waiting.put_nowait(Received(delivered))
