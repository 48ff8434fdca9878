"""`chat.send.queue`: sends from any AMQP producer, and from instances whose database is away (contract, section 8)."""

import asyncio
import logging
from collections.abc import Sequence
from time import time
from typing import NamedTuple
from uuid import uuid4

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel

from adapters.rabbitmq.backoff import Backoff
from adapters.rabbitmq.inbox import Inbox
from adapters.rabbitmq.link import Link
from adapters.rabbitmq.moved_sends import HELD_SINCE_HEADER, dead, held_for, held_since, put_aside
from adapters.rabbitmq.publisher import Letter, Publisher
from adapters.rabbitmq.received import Received
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.topology import SEND_QUEUE, SEND_ROUTING_KEY, TOPIC_EXCHANGE, declare_sends
from application.ports.send_queue import Accepted, Aside, Later, Rejected, SendHandler, Submission, Verdict
from domain.errors import Unavailable

log = logging.getLogger(__name__)


class _InHand(NamedTuple):
    """A message that is not acked yet; `taken_at` is Unix time."""

    message: Received
    taken_at: float

    def submission(self) -> Submission:
        return Submission(self.message.body, held_for(self.message, self.taken_at, time()))

    def moved(self, verdict: Rejected | Aside) -> Letter:
        if isinstance(verdict, Rejected):
            return dead(self.message, verdict.reason)
        since = held_since(self.message.headers.get(HELD_SINCE_HEADER), self.taken_at)
        return put_aside(self.message, since, verdict.retry_in)


class RabbitSendQueue:
    """Producer and consumer, each on a connection of its own.

    The broker stops reading from a connection that publishes while it is short of memory; acks must not wait for that.
    """

    def __init__(self, urls: Sequence[str], instance_name: str, settings: RabbitSettings | None = None) -> None:
        self._settings = settings or RabbitSettings()
        self._outgoing = Link(urls, f"{instance_name} submits sends", self._settings, declare_sends)
        self._incoming = Link(urls, f"{instance_name} takes sends", self._settings, declare_sends, self._receive)
        self._publisher = Publisher(self._outgoing, self._settings)
        self._pause = Backoff(self._settings.send_retry, self._settings.max_send_retry)
        self._handler: SendHandler | None = None
        self._in_hand = asyncio.Lock()

    async def start(self) -> None:
        self._outgoing.start()
        if self._handler is not None:
            self._incoming.start()

    async def stop(self) -> None:
        async with self._in_hand:
            await self._incoming.stop()
        await self._publisher.drain()
        await self._outgoing.stop()

    async def submit(self, body: bytes) -> None:
        """As the port says; one that no queue would take is `Unavailable` too."""
        message = Message(
            body,
            content_type="application/json",
            message_id=uuid4().hex,
            headers={HELD_SINCE_HEADER: int(time())},
            delivery_mode=DeliveryMode.PERSISTENT,
        )
        await self._publisher.publish([Letter(message, TOPIC_EXCHANGE, SEND_ROUTING_KEY)])

    def consume(self, handler: SendHandler) -> None:
        self._handler = handler

    async def wait_ready(self) -> None:
        """Returns when `submit` has a chance to succeed."""
        await self._outgoing.wait_writable()

    async def _receive(self, channel: AbstractChannel) -> None:
        inbox = Inbox()
        await inbox.open(channel, SEND_QUEUE, self._settings.send_prefetch)
        held: list[_InHand] = []
        while True:
            # held without an ack: giving them back would count against their delivery limit and lose their place
            new = inbox.take_nowait() if held else await inbox.take()
            batch = [*held, *(_InHand(message, time()) for message in new)]
            async with self._in_hand:
                verdicts = await self._judge(batch)
                held = await self._settle(batch, verdicts)
            if Accepted() in verdicts or not held:
                self._pause.reset()  # one that cannot be told does not keep up the others
            else:
                await asyncio.sleep(self._pause.next())
            if None in verdicts:
                await asyncio.sleep(self._settings.send_retry)

    async def _settle(self, batch: Sequence[_InHand], verdicts: Sequence[Verdict | None]) -> list[_InHand]:
        """Acks and gives back as the verdicts say; those to be handed over again."""
        judged = list(zip(batch, verdicts, strict=True))
        # apart: one of the two queues may be full
        are_moved: dict[type[Verdict | None], bool] = {
            kind: await self._move([one.moved(verdict) for one, verdict in judged if isinstance(verdict, kind)])
            for kind in (Rejected, Aside)
        }
        held: list[_InHand] = []
        for one, verdict in judged:
            if verdict is None:
                await one.message.give_back()
            elif isinstance(verdict, Later) or not are_moved.get(type(verdict), True):
                held.append(one)
            else:
                await one.message.ack()
        return held

    async def _judge(self, batch: Sequence[_InHand]) -> Sequence[Verdict | None]:
        """None for one whose handling failed: given back, it comes again until the broker's delivery limit."""
        assert self._handler is not None
        try:
            return await self._handler([one.submission() for one in batch])
        except Unavailable:
            return [Later()] * len(batch)
        except Exception as error:
            log.error("sends could not be handled (%s)", type(error).__name__)
        if len(batch) == 1:
            return [None]
        return [verdict for one in batch for verdict in await self._judge([one])]

    async def _move(self, letters: Sequence[Letter]) -> bool:
        """Whether the broker has them all in their new queue; before that the originals are not acked."""
        if not letters:
            return True
        try:
            await self._publisher.publish(letters)
        except Unavailable:
            return False
        return True
