"""A message that was consumed from a queue."""

from aio_pika.abc import HeadersType
from aiormq.abc import AbstractChannel, DeliveredMessage


class Received:
    """A consumed message with the properties that we use. The library may fail to convert the others.

    Of a body with more than `max_body` octets only the beginning is kept, with one octet more than that.
    """

    __slots__ = ("_channel", "_tag", "app_id", "body", "content_type", "headers", "message_id")

    def __init__(self, delivered: DeliveredMessage, max_body: int | None = None) -> None:
        properties = delivered.header.properties
        self.body: bytes = delivered.body if max_body is None else delivered.body[: max_body + 1]
        self.content_type: str | None = properties.content_type
        self.app_id: str | None = properties.app_id
        self.message_id: str | None = properties.message_id
        self.headers: HeadersType = properties.headers or {}
        self._channel: AbstractChannel = delivered.channel
        self._tag = delivered.delivery_tag

    async def ack(self, *, multiple: bool = False) -> None:
        """Acks the message; with `multiple` also all before it on its channel."""
        assert self._tag is not None, "it was consumed"
        await self._channel.basic_ack(self._tag, multiple=multiple)

    async def give_back(self) -> None:
        """Returns the message to its queue. The broker counts this for the delivery limit."""
        assert self._tag is not None, "it was consumed"
        await self._channel.basic_nack(self._tag, requeue=True)
