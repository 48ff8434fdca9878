"""A message from a queue."""

from aio_pika.abc import HeadersType
from aiormq.abc import AbstractChannel, DeliveredMessage


class Received:
    """Only those properties that we use: the others may hold what the library refuses to make a message of."""

    __slots__ = ("_channel", "_tag", "app_id", "body", "content_type", "headers", "message_id")

    def __init__(self, delivered: DeliveredMessage) -> None:
        properties = delivered.header.properties
        self.body: bytes = delivered.body
        self.content_type: str | None = properties.content_type
        self.app_id: str | None = properties.app_id
        self.message_id: str | None = properties.message_id
        self.headers: HeadersType = properties.headers or {}
        self._channel: AbstractChannel = delivered.channel
        self._tag = delivered.delivery_tag

    async def ack(self, *, multiple: bool = False) -> None:
        """With `multiple`, also all before it on its channel."""
        assert self._tag is not None, "it was consumed"
        await self._channel.basic_ack(self._tag, multiple=multiple)

    async def give_back(self) -> None:
        """For the next consumer; the broker counts how often that happens."""
        assert self._tag is not None, "it was consumed"
        await self._channel.basic_nack(self._tag, requeue=True)
