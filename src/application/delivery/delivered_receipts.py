"""Sends delivered receipts: they tell senders which messages were delivered (contract, section 7: `receipts:all`)."""

import logging
from collections.abc import Mapping, Sequence

import msgspec
from cachetools import LRUCache

from application.access.participants import Participants
from application.concurrency.rounds import Rounds
from application.ports.broker import Broker
from application.ports.clock import Clock
from application.ports.messages import MessageRepository, Reached, Sending
from application.ports.push import Delivery
from application.wire import fields
from domain.destination import ALL_RECEIPTS_QUEUE, user_destination
from domain.errors import ChatError, Unavailable

log = logging.getLogger(__name__)

INTERVAL = 0.2
"""Seconds between two receipts of a session."""
MAX_NOTED = 100_000
"""Senders in sessions for which a receipt may be due."""
SLICE = 500
"""Sessions in one query."""
REMEMBERED = 100_000
"""Senders in sessions whose last receipt is remembered."""


class DeliveredReceipt(msgspec.Struct, frozen=True, rename="camel"):
    """All messages to the reader up to and including `delivered_up_to_seq` are delivered."""

    session_id: fields.SessionKey
    reader_id: fields.ProfileKey
    reader_email: fields.PeerAddress
    delivered_up_to_seq: fields.UpToSeq
    delivered_at: fields.Moment


class DeliveredReceipts:
    """Collects delivered marks, and sends their receipts every `interval` seconds. Receipts may get lost.

    Reads nothing from the store while nobody subscribes to these receipts.
    """

    def __init__(
        self,
        messages: MessageRepository,
        participants: Participants,
        broker: Broker,
        clock: Clock,
        *,
        interval: float = INTERVAL,
    ) -> None:
        self._messages = messages
        self._participants = participants
        self._broker = broker
        self._clock = clock
        self._sent: LRUCache[Sending, int] = LRUCache(REMEMBERED)
        self._rounds: Rounds[Sending, int] = Rounds(
            "delivered receipts", self._send, interval=interval, slice_size=SLICE
        )

    def note(self, reached: Sequence[Reached]) -> None:
        """Notes messages that were just marked as delivered."""
        noted = self._rounds.noted
        for sending, seq in reached:
            if len(noted) < MAX_NOTED or sending in noted:
                self._rounds.note(sending, min(seq, noted.get(sending, seq)))

    def start(self) -> None:
        """Starts to send receipts. Call it once."""
        self._rounds.start()

    async def stop(self) -> None:
        """Stops to send receipts. Idempotent."""
        await self._rounds.stop()

    async def _send(self, noted: Mapping[Sending, int]) -> None:
        if not self._broker.may_have_listener(ALL_RECEIPTS_QUEUE):
            return
        try:
            known = {sending: self._sent.get(sending, 0) for sending in noted}
            up_to = await self._messages.delivered_up_to(known)
            # a mark behind a message that is not delivered yet is told when that message is delivered
            new = {sending: seq for sending, seq in up_to.items() if seq >= noted[sending]}
            self._sent.update(new)
            receipts = [await self._receipt(sending, seq) for sending, seq in new.items()]
            await self._broker.publish([receipt for receipt in receipts if receipt is not None])
        except Unavailable:
            log.info("the delivered receipts of %d sessions were not sent", len(noted))

    async def _receipt(self, sending: Sending, seq: int) -> Delivery | None:
        """The receipt for the sender. None when its address is not known."""
        try:
            session = await self._participants.session(sending.session_id)
            profiles = await self._participants.profiles(session)
        except Unavailable:
            raise
        except ChatError:
            return None
        sender, reader = profiles[sending.sender_id], profiles[session.peer_of(sending.sender_id)]
        if not sender.email:
            return None
        receipt = DeliveredReceipt(session.id, reader.id, reader.email, seq, self._clock.now())
        return Delivery(user_destination(sender.email, ALL_RECEIPTS_QUEUE), msgspec.json.encode(receipt).decode())
