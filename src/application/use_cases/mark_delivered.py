"""Marks messages as delivered."""

from collections.abc import Callable, Sequence

from application.ports.messages import MessageRepository, Reached
from domain.identifiers import MessageId


class MarkDelivered:
    """`on_reached` is told of the messages that were not marked before."""

    def __init__(self, messages: MessageRepository, on_reached: Callable[[Sequence[Reached]], None]) -> None:
        self._messages = messages
        self._on_reached = on_reached

    async def __call__(self, message_ids: Sequence[MessageId]) -> None:
        """A crash of the store may lose the marks. Raises `Unavailable`."""
        self._on_reached(await self._messages.mark_delivered(message_ids))

    async def durably(self, acks: Sequence[Sequence[MessageId]]) -> Sequence[None]:
        """The marks of many ACKs, durable once this has returned; one None an ACK. Raises `Unavailable`."""
        message_ids = [message_id for ack in acks for message_id in ack]
        self._on_reached(await self._messages.mark_delivered(message_ids, durable=True))
        return [None] * len(acks)
