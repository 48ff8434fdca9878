"""Marks messages as seen and tells their sender."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from application.participants import Participants
from application.ports.broker import Broker
from application.ports.clock import Clock
from application.ports.messages import MessageRepository
from application.ports.push import Delivery
from domain.destination import RECEIPTS_QUEUE, user_destination
from domain.errors import Unavailable
from domain.identifiers import Email, Intent, ProfileId, SessionId
from domain.principal import Principal

log = logging.getLogger(__name__)


class SeenReceipt(msgspec.Struct, frozen=True, rename="camel"):
    """Everything to `reader` up to and including `up_to_seq` was seen."""

    session_id: UUID
    reader_id: UUID
    reader_email: str
    up_to_seq: int
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class MarkSeenCommand:
    session_id: SessionId
    reader_email: Email
    intent: Intent
    up_to_seq: int


class MarkSeen:
    def __init__(self, participants: Participants, messages: MessageRepository, broker: Broker, clock: Clock) -> None:
        self._participants = participants
        self._messages = messages
        self._broker = broker
        self._clock = clock

    async def __call__(self, principal: Principal, command: MarkSeenCommand) -> None:
        """Raises `NotYourself`, `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`, `Unavailable`."""
        principal.require(command.reader_email, "readerEmail")
        session, reader = await self._participants.as_profile(command.session_id, command.reader_email, command.intent)
        if await self._messages.mark_seen(session.id, reader.id, command.up_to_seq):
            receipt = SeenReceipt(session.id, reader.id, reader.email, command.up_to_seq, self._clock.now())
            await self._tell(session.peer_of(reader.id), receipt)

    async def _tell(self, sender_id: ProfileId, receipt: SeenReceipt) -> None:
        sender = await self._participants.profile(sender_id)
        if sender is None:
            return
        body = msgspec.json.encode(receipt).decode()
        try:
            await self._broker.publish([Delivery(user_destination(sender.email, RECEIPTS_QUEUE), body)])
        except Unavailable:
            # the mark is stored and every history shows it: the receipt is news, not the record
            log.info("a seen receipt was not sent: the broker is away")
