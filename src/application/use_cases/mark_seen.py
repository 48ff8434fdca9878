"""Marks messages as seen, and sends their sender a receipt."""

import logging
from collections.abc import Callable, Sequence

import msgspec

from application.access.participants import Participants, Participation
from application.access.rate_limit import RateLimit
from application.commands import MarkSeenCommand
from application.delivery.session_events import SessionEvents
from application.ports.broker import Broker
from application.ports.clock import Clock
from application.ports.messages import MessageRepository, Reached, Sending
from application.ports.push import Delivery
from application.wire import fields
from domain.destination import ALL_RECEIPTS_QUEUE, RECEIPTS_QUEUE, user_destination
from domain.errors import Unavailable
from domain.principal import Principal

log = logging.getLogger(__name__)


class SeenReceipt(msgspec.Struct, frozen=True, rename="camel"):
    """The reader has seen all messages to it up to and including `up_to_seq`."""

    session_id: fields.SessionKey
    reader_id: fields.ProfileKey
    reader_email: fields.Address
    up_to_seq: fields.UpToSeq
    seen_at: fields.Moment


class MarkSeen:
    """Marks messages as seen (contract, sections 5 and 7).

    What is seen is delivered too. `on_reached` gets what the sender is not told to be seen, as the reader hides it.
    """

    def __init__(
        self,
        participants: Participants,
        messages: MessageRepository,
        broker: Broker,
        clock: Clock,
        events: SessionEvents,
        rate_limit: RateLimit,
        on_reached: Callable[[Sequence[Reached]], None],
    ) -> None:
        self._participants = participants
        self._messages = messages
        self._broker = broker
        self._clock = clock
        self._events = events
        self._rate_limit = rate_limit
        self._on_reached = on_reached

    async def __call__(self, principal: Principal, command: MarkSeenCommand) -> None:
        """Marks messages, and sends the receipt. The mark is durable on return.

        Raises `RateLimited`, and what `check` raises.
        """
        self._rate_limit.take(principal)
        session, reader, sender = await self.check(principal, command)
        marked = await self._messages.mark_seen(session.id, reader.id, command.up_to_seq)

        def receipt(up_to: int) -> str:
            body = SeenReceipt(session.id, reader.id, reader.email, up_to, self._clock.now())
            return msgspec.json.encode(body).decode()

        deliveries: list[Delivery] = []
        if marked.shown_to is not None and sender.email:
            deliveries.append(Delivery(user_destination(sender.email, RECEIPTS_QUEUE), receipt(marked.shown_to)))
        if marked.seen_to is not None:
            deliveries.append(Delivery(user_destination(reader.email, ALL_RECEIPTS_QUEUE), receipt(marked.seen_to)))
        if deliveries:
            await self._publish(deliveries)
        if marked.seen_to is not None and marked.shown_to is None:
            self._on_reached([Reached(Sending(session.id, sender.id), marked.seen_to)])
        if marked.has_read and marked.seen_to is None:  # no receipt tells the reader's devices of it
            await self._events.publish_changed([session.id], reader.email, [reader.id])

    async def check(self, principal: Principal, command: MarkSeenCommand) -> Participation:
        """Checks that the principal may mark messages for this reader. Marks nothing.

        Raises `NotYourself`, `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`, `Unavailable`.
        """
        principal.require(command.reader_email, "readerEmail")
        return await self._participants.participation(command.session_id, command.reader_email, command.intent)

    async def _publish(self, receipts: Sequence[Delivery]) -> None:
        """Sends the receipts: to the sender, if its address is known, and to the other devices of the reader."""
        try:
            await self._broker.publish(receipts)
        except Unavailable:
            # nothing is lost: the mark is stored, and the history shows it
            log.info("a seen receipt was not sent: the broker is away")
