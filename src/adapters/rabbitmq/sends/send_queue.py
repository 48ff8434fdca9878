"""`chat.send.queue`: sends of AMQP producers, and of instances whose database is away (contract, section 8)."""

import asyncio
import logging
from collections.abc import Sequence
from typing import NamedTuple
from uuid import uuid4

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel

from adapters.rabbitmq.connection.backoff import Backoff
from adapters.rabbitmq.connection.link import Link
from adapters.rabbitmq.inbox import Inbox
from adapters.rabbitmq.publisher import OutgoingMessage, Publisher
from adapters.rabbitmq.received import Received
from adapters.rabbitmq.sends.moved_sends import HELD_SINCE_HEADER, dead_letter, held_for, held_since, put_aside
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.topology import SEND_QUEUE, SEND_ROUTING_KEY, TOPIC_EXCHANGE, declare_sends
from application.ports.clock import Clock
from application.ports.send_queue import Accept, PutAside, Reject, Retry, SendHandler, Submission, Verdict
from domain.errors import Unavailable

log = logging.getLogger(__name__)


class _InHand(NamedTuple):
    """A message without an ack. `taken_at` is Unix time."""

    message: Received
    taken_at: float

    def submission(self, now: float) -> Submission:
        """As it is handed over at `now`, in Unix time."""
        return Submission(self.message.body, held_for(self.message, self.taken_at, now))

    def moved(self, verdict: Reject | PutAside) -> OutgoingMessage:
        if isinstance(verdict, Reject):
            return dead_letter(self.message, verdict.reason)
        since = held_since(self.message.headers.get(HELD_SINCE_HEADER), self.taken_at)
        return put_aside(self.message, since, verdict.retry_in)


class RabbitSendQueue:
    """Submits and consumes sends, each on a connection of its own.

    A broker that is short of memory stops reading from a connection that publishes, and acks must not wait for that.
    """

    def __init__(
        self, urls: Sequence[str], instance_name: str, clock: Clock, settings: RabbitSettings | None = None
    ) -> None:
        self._settings = settings or RabbitSettings()
        self._clock = clock
        self._outgoing = Link(urls, f"{instance_name} submits sends", self._settings, declare_sends)
        self._incoming = Link(urls, f"{instance_name} takes sends", self._settings, declare_sends, self._receive)
        self._publisher = Publisher(self._outgoing, self._settings)
        self._pause = Backoff(self._settings.send_retry, self._settings.max_send_retry)
        self._handler: SendHandler | None = None
        self._in_hand = asyncio.Lock()

    async def start(self) -> None:
        """See `SendQueue.start`."""
        self._outgoing.start()
        if self._handler is not None:
            self._incoming.start()

    async def stop(self) -> None:
        """See `SendQueue.stop`."""
        async with self._in_hand:
            await self._incoming.stop()
        await self._publisher.drain()
        await self._outgoing.stop()

    async def submit(self, body: bytes) -> None:
        """Submits as the port says. Raises `Unavailable` also when no queue takes the send."""
        message = Message(
            body,
            content_type="application/json",
            message_id=uuid4().hex,
            headers={HELD_SINCE_HEADER: int(self._now())},
            delivery_mode=DeliveryMode.PERSISTENT,
        )
        await self._publisher.publish([OutgoingMessage(message, TOPIC_EXCHANGE, SEND_ROUTING_KEY)])

    def consume(self, handler: SendHandler) -> None:
        """See `SendQueue.consume`."""
        self._handler = handler

    async def wait_ready(self) -> None:
        """Returns when `submit` can succeed."""
        await self._outgoing.wait_writable()

    def _now(self) -> float:
        """Unix time."""
        return self._clock.now().timestamp()

    async def _receive(self, channel: AbstractChannel) -> None:
        inbox = Inbox(self._settings.max_frame_bytes)
        await inbox.open(channel, SEND_QUEUE, self._settings.send_prefetch)
        held: list[_InHand] = []
        while True:
            # held without an ack: giving them back would count for their delivery limit and lose their order
            new = inbox.take_nowait() if held else await inbox.take()
            batch = [*held, *(_InHand(message, self._now()) for message in new)]
            async with self._in_hand:
                verdicts = await self._judge(batch)
                held = await self._settle(batch, verdicts)
            if Accept() in verdicts or not held:
                self._pause.reset()  # one send that must wait does not delay the others
            else:
                await asyncio.sleep(self._pause.next())
            if None in verdicts:
                await asyncio.sleep(self._settings.send_retry)

    async def _settle(self, batch: Sequence[_InHand], verdicts: Sequence[Verdict | None]) -> list[_InHand]:
        """Acks, moves and gives back messages by their verdicts. Returns those to hand over again."""
        judged = list(zip(batch, verdicts, strict=True))
        # one publish for each queue, since one of them may be full
        are_moved: dict[type[Verdict | None], bool] = {
            kind: await self._move([in_hand.moved(verdict) for in_hand, verdict in judged if isinstance(verdict, kind)])
            for kind in (Reject, PutAside)
        }
        held: list[_InHand] = []
        for in_hand, verdict in judged:
            if verdict is None:
                await in_hand.message.give_back()
            elif isinstance(verdict, Retry) or not are_moved.get(type(verdict), True):
                held.append(in_hand)
            else:
                await in_hand.message.ack()
        return held

    async def _judge(self, batch: Sequence[_InHand]) -> Sequence[Verdict | None]:
        """The handler's verdicts. None for a message whose handling failed: it counts for the delivery limit."""
        assert self._handler is not None
        try:
            return await self._handler([in_hand.submission(self._now()) for in_hand in batch])
        except Unavailable:
            return [Retry()] * len(batch)
        except Exception as error:
            log.error("sends could not be handled (%s)", type(error).__name__)
        if len(batch) == 1:
            return [None]
        return [verdict for in_hand in batch for verdict in await self._judge([in_hand])]

    async def _move(self, messages: Sequence[OutgoingMessage]) -> bool:
        """Publishes copies to their new queues. True when all are confirmed, so that the originals can be acked."""
        if not messages:
            return True
        try:
            await self._publisher.publish(messages)
        except Unavailable:
            return False
        return True
