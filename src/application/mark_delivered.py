"""Marks messages as delivered."""

from collections.abc import Sequence

from application.ports.messages import MessageRepository
from domain.identifiers import MessageId


class MarkDelivered:
    def __init__(self, messages: MessageRepository) -> None:
        self._messages = messages

    async def __call__(self, message_ids: Sequence[MessageId]) -> None:
        """A crash of the store may lose the marks. Raises `Unavailable`."""
        await self._messages.mark_delivered(message_ids)

    async def durably(self, acks: Sequence[Sequence[MessageId]]) -> Sequence[None]:
        """The marks of many ACKs, durable once this has returned; one None an ACK. Raises `Unavailable`."""
        await self._messages.mark_delivered([message_id for ack in acks for message_id in ack], durable=True)
        return [None] * len(acks)
