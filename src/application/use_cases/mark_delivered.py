"""Marks messages as delivered."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from application.ports.messages import MessageRef, MessageRepository, Reached
from domain.errors import ChatError, SessionBusy
from domain.identifiers import SessionId


class Acked(NamedTuple):
    """The messages of one ACK.

    In the mode `client`, an ACK on the user's queue may have messages of other sessions too.
    """

    session_id: SessionId
    refs: Sequence[MessageRef]


NOTHING_ACKED = Acked(SessionId(UUID(int=0)), ())
"""An ACK without messages. Its result comes when all earlier marks are durable, except those of locked messages."""


class MarkDelivered:
    """Marks messages (contract, section 7: delivered). `on_reached` gets those that were not marked before."""

    def __init__(self, messages: MessageRepository, on_reached: Callable[[Sequence[Reached]], None]) -> None:
        self._messages = messages
        self._on_reached = on_reached

    async def __call__(self, refs: Sequence[MessageRef]) -> Collection[MessageRef]:
        """Marks messages. Returns those that somebody else has locked: call again for them.

        A crash of the store may lose the marks. Raises `Unavailable`.
        """
        marks = await self._messages.mark_delivered(refs)
        self._on_reached(marks.reached)
        return marks.busy

    async def durably(self, acks: Sequence[Acked], _turn: SessionId | None = None) -> Sequence[ChatError | None]:
        """Marks the messages of many ACKs. The marks are durable on return.

        Gives one result for each ACK, in order: None, or `SessionBusy` when somebody else has locked one of its
        messages; call again for that ACK. Raises `Unavailable`.
        """
        marks = await self._messages.mark_delivered_durably([ref for ack in acks for ref in ack.refs])
        self._on_reached(marks.reached)
        busy = set(marks.busy)
        return [None if busy.isdisjoint(ack.refs) else SessionBusy() for ack in acks]
