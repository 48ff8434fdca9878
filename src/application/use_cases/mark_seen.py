"""Marks messages as seen and tells their sender."""

import logging

import msgspec

from application.access.participants import Participants, Participation
from application.access.rate_limit import RateLimit
from application.commands import MarkSeenCommand
from application.ports.broker import Broker
from application.ports.clock import Clock
from application.ports.messages import MessageRepository
from application.ports.push import Delivery
from application.wire import fields
from domain.destination import ALL_RECEIPTS_QUEUE, RECEIPTS_QUEUE, user_destination
from domain.errors import Unavailable
from domain.principal import Principal
from domain.profile import Profile

log = logging.getLogger(__name__)


class SeenReceipt(msgspec.Struct, frozen=True, rename="camel"):
    """Everything to `reader` up to and including `up_to_seq` was seen."""

    session_id: fields.SessionKey
    reader_id: fields.ProfileKey
    reader_email: fields.Address
    up_to_seq: fields.UpToSeq
    seen_at: fields.Moment


class MarkSeen:
    def __init__(
        self,
        participants: Participants,
        messages: MessageRepository,
        broker: Broker,
        clock: Clock,
        rate_limit: RateLimit,
    ) -> None:
        self._participants = participants
        self._messages = messages
        self._broker = broker
        self._clock = clock
        self._rate_limit = rate_limit

    async def __call__(self, principal: Principal, command: MarkSeenCommand) -> None:
        """Returns when the mark is durable. Raises `RateLimited`, and as `check` does."""
        self._rate_limit.take(principal)
        session, reader, sender = await self.check(principal, command)
        seen_to = await self._messages.mark_seen(session.id, reader.id, command.up_to_seq)
        if seen_to is not None:
            receipt = SeenReceipt(session.id, reader.id, reader.email, seen_to, self._clock.now())
            await self._tell(sender, receipt)

    async def check(self, principal: Principal, command: MarkSeenCommand) -> Participation:
        """Who would mark whose messages; nothing is marked.

        Raises `NotYourself`, `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`, `Unavailable`.
        """
        principal.require(command.reader_email, "readerEmail")
        return await self._participants.participation(command.session_id, command.reader_email, command.intent)

    async def _tell(self, sender: Profile, receipt: SeenReceipt) -> None:
        """The sender, as far as its address is known, and the reader on its other devices."""
        body = msgspec.json.encode(receipt).decode()
        destinations = [user_destination(receipt.reader_email, ALL_RECEIPTS_QUEUE)]
        if sender.email:
            destinations.insert(0, user_destination(sender.email, RECEIPTS_QUEUE))
        try:
            await self._broker.publish([Delivery(destination, body) for destination in destinations])
        except Unavailable:
            # the mark is stored and every history shows it: the receipt is news, not the record
            log.info("a seen receipt was not sent: the broker is away")
