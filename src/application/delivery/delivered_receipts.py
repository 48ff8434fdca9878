"""Tells senders how far their messages were delivered (contract, section 7: `receipts:all`)."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from itertools import islice

import msgspec
from cachetools import LRUCache

from application.access.participants import Participants
from application.concurrency.background import BackgroundTask
from application.ports.broker import Broker
from application.ports.clock import Clock
from application.ports.messages import MessageRepository, Reached, Sending
from application.ports.push import Delivery
from application.wire import fields
from domain.destination import ALL_RECEIPTS_QUEUE, user_destination
from domain.errors import ChatError, Unavailable

log = logging.getLogger(__name__)

INTERVAL = 0.2  # seconds; a session has one receipt in so long
MAX_NOTED = 100_000
SLICE = 500  # sessions looked up by one query
REMEMBERED = 100_000


class DeliveredReceipt(msgspec.Struct, frozen=True, rename="camel"):
    """Everything to `reader` up to and including `delivered_up_to_seq` was delivered."""

    session_id: fields.SessionKey
    reader_id: fields.ProfileKey
    reader_email: fields.PeerAddress
    delivered_up_to_seq: fields.UpToSeq
    delivered_at: fields.Moment


class DeliveredReceipts:
    """What is marked is noted, and told together, at most once in `interval` seconds. Receipts may get lost.

    Nothing is looked up while nobody subscribes to these receipts.
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
        self._interval = interval
        self._noted: dict[Sending, int] = {}
        self._told: LRUCache[Sending, int] = LRUCache(REMEMBERED)
        self._arrived = asyncio.Event()
        self._task = BackgroundTask("delivered receipts", self._loop)

    def note(self, reached: Sequence[Reached]) -> None:
        """Messages were marked as delivered just now."""
        noted = self._noted
        for one in reached:
            if len(noted) < MAX_NOTED or one.sending in noted:
                noted[one.sending] = min(one.seq, noted.get(one.sending, one.seq))
        if noted:
            self._arrived.set()

    def start(self) -> None:
        self._task.start()

    async def stop(self) -> None:
        await self._task.stop()

    async def _loop(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            noted, self._noted = self._noted, {}
            sendings = iter(noted.items()) if self._broker.may_have_listener(ALL_RECEIPTS_QUEUE) else iter(())
            while some := dict(islice(sendings, SLICE)):
                await self._tell(some)
            await asyncio.sleep(self._interval)

    async def _tell(self, noted: Mapping[Sending, int]) -> None:
        try:
            known = {sending: self._told.get(sending, 0) for sending in noted}
            up_to = await self._messages.delivered_up_to(known)
            # what was marked beyond a message that is not delivered is told when that one is
            new = {sending: seq for sending, seq in up_to.items() if seq >= noted[sending]}
            self._told.update(new)
            told = [await self._receipt(sending, seq) for sending, seq in new.items()]
            await self._broker.publish([one for one in told if one is not None])
        except Unavailable:
            log.info("how far %d sessions are delivered was not told", len(noted))

    async def _receipt(self, sending: Sending, seq: int) -> Delivery | None:
        """None when nobody can be told: the sender's address is not known."""
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
