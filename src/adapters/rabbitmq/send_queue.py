"""`chat.send.queue`: sends from any AMQP producer, and from instances whose database is away (contract, section 8)."""

import asyncio
import logging
from collections.abc import Sequence
from uuid import uuid4

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from adapters.rabbitmq.backoff import Backoff
from adapters.rabbitmq.inbox import Inbox
from adapters.rabbitmq.link import Link
from adapters.rabbitmq.publisher import Letter, Publisher
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.topology import (
    DEAD_QUEUE,
    SEND_QUEUE,
    SEND_ROUTING_KEY,
    TOPIC_EXCHANGE,
    declare_sends,
)
from application.ports.send_queue import Accepted, Later, Rejected, SendHandler, Verdict
from domain.errors import Unavailable

log = logging.getLogger(__name__)

REASON_HEADER = "x-reason"


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
        held: list[AbstractIncomingMessage] = []
        while True:
            # held without an ack: giving them back would count against their delivery limit and lose their place
            batch = [*held, *(inbox.take_nowait() if held else await inbox.take())]
            async with self._in_hand:
                verdicts = await self._judge(batch)
                held = await self._settle(batch, verdicts)
            if Accepted() in verdicts or not held:
                self._pause.reset()  # one that cannot be told does not keep up the others
            else:
                await asyncio.sleep(self._pause.next())
            if None in verdicts:
                await asyncio.sleep(self._settings.send_retry)

    async def _settle(
        self, batch: Sequence[AbstractIncomingMessage], verdicts: Sequence[Verdict | None]
    ) -> list[AbstractIncomingMessage]:
        """Acks and gives back as the verdicts say; those to be handed over again."""
        judged = list(zip(batch, verdicts, strict=True))
        buried = await self._bury([(each, verdict) for each, verdict in judged if isinstance(verdict, Rejected)])
        held: list[AbstractIncomingMessage] = []
        for message, verdict in judged:
            if verdict is None:
                await message.nack(requeue=True)
            elif isinstance(verdict, Later) or (isinstance(verdict, Rejected) and not buried):
                held.append(message)
            else:
                await message.ack()
        return held

    async def _judge(self, batch: Sequence[AbstractIncomingMessage]) -> Sequence[Verdict | None]:
        """None for one whose handling failed: given back, it comes again until the broker's delivery limit."""
        assert self._handler is not None
        try:
            return await self._handler([message.body for message in batch])
        except Unavailable:
            return [Later()] * len(batch)
        except Exception as error:
            log.error("sends could not be handled (%s)", type(error).__name__)
        if len(batch) == 1:
            return [None]
        return [verdict for message in batch for verdict in await self._judge([message])]

    async def _bury(self, rejected: Sequence[tuple[AbstractIncomingMessage, Rejected]]) -> bool:
        """Whether the broker has them all among the dead; before that they are not acked."""
        if not rejected:
            return True
        try:
            await self._publisher.publish([_dead(message, verdict) for message, verdict in rejected])
        except Unavailable:
            return False
        return True


def _dead(message: AbstractIncomingMessage, verdict: Rejected) -> Letter:
    copy = Message(
        message.body,
        content_type=message.content_type,
        message_id=message.message_id or uuid4().hex,
        headers={**message.headers, REASON_HEADER: verdict.reason},
        delivery_mode=DeliveryMode.PERSISTENT,
    )
    return Letter(copy, "", DEAD_QUEUE)
