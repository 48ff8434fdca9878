"""Publishes deliveries to every instance over RabbitMQ."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from time import monotonic
from typing import Final
from uuid import uuid4

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPError

from adapters.rabbitmq.connection.bounded import bounded, first_of
from adapters.rabbitmq.connection.link import Link
from adapters.rabbitmq.deliveries.bindings import Bindings
from adapters.rabbitmq.deliveries.local_push import LocalPush
from adapters.rabbitmq.deliveries.seal import MAX_AGE, Seal
from adapters.rabbitmq.deliveries.signals import Signals
from adapters.rabbitmq.inbox import Inbox
from adapters.rabbitmq.publisher import OutgoingMessage, Publisher, Unroutable
from adapters.rabbitmq.routing import own_key, routing_keys
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.topology import (
    DELIVERIES_EXCHANGE,
    ROUTED_EXCHANGE,
    TOPIC_EXCHANGE,
    declare_deliveries,
    drop_deliveries,
    has_routed_exchange,
)
from application.ports.push import Delivery, Push
from application.wire.deliveries import CONTENT_TYPE, Piece, pack
from domain.destination import SESSION_TOPIC_PREFIX

log = logging.getLogger(__name__)

SIGNAL_SECONDS: Final = 10.0
"""A signal that an instance has not taken for so long is of no use any more."""


class RabbitBroker:
    """One instance on the exchange `chat.deliveries.routed`, with a queue of its own.

    The instance pushes what it publishes to its own connections at once. It has two connections to the broker, since
    a broker that is short of memory stops reading from a connection that publishes, and acks must not wait for that.

    `on_gap` is called when this instance has missed deliveries for good: the queue was replaced, or contained what this
    version cannot decode. Clients must then resume; it is enough to close their connections. `on_rejected` is called
    for each message that `seal` does not verify: it does not come from an instance. `mirror_topics` publishes messages
    of sessions to `amq.topic` too.
    """

    def __init__(
        self,
        urls: Sequence[str],
        instance_name: str,
        seal: Seal,
        *,
        mirror_topics: bool = False,
        on_gap: Callable[[], None] = lambda: None,
        on_rejected: Callable[[], None] = lambda: None,
        settings: RabbitSettings | None = None,
    ) -> None:
        self._settings = settings or RabbitSettings()
        # unique, so that two processes with one name, or a process and its predecessor, never share a queue
        self._identity = f"{instance_name}.{uuid4().hex[:12]}"
        self._queue: str | None = None
        self._is_cluster = len(urls) > 1
        self._left: str | None = None  # the queue whose consumer was lost last
        self._left_at = float("inf")  # when that was, by the monotonic clock
        self._seal = seal
        self._mirror_topics = mirror_topics
        self._local = LocalPush(self._identity, seal, self._settings, on_gap, on_rejected)
        self._bindings = Bindings(self._settings, self._local.missed)
        self._binding_channel: AbstractChannel | None = None
        self._is_torn = False
        """Whether the exchange or the queue's own binding was found missing."""
        self._preparing = asyncio.Lock()
        self._outgoing = Link(urls, f"{self._identity} publishes", self._settings, self._prepare_to_publish)
        self._incoming = Link(
            urls, f"{self._identity} receives", self._settings, self._prepare_to_receive, self._receive
        )
        self._publisher = Publisher(self._outgoing, self._settings)
        self._signals = Signals(self._outgoing, self._passing_messages, self._settings)

    async def start(self, push: Push) -> None:
        """See `Broker.start`."""
        self._local.open(push)
        self._outgoing.start()
        self._incoming.start()
        self._signals.start()

    async def stop(self) -> None:
        """See `Broker.stop`."""
        await self._publisher.drain()
        await self._signals.stop()
        self._local.close()
        await self._incoming.stop()
        await self._delete_queue()
        await self._outgoing.stop()

    async def publish(self, deliveries: Sequence[Delivery]) -> None:
        """Publishes as the port says. Raises `Unavailable` at once when the broker is away or has an alarm.

        Even then the connections of this instance get the deliveries, and a repeat does not push them again.
        """
        if not deliveries:
            return
        self._local.push(deliveries)
        try:
            await self._publisher.publish(list(self._outgoing_messages(deliveries)))
        except BaseException as error:
            self._local.expect_repeats(deliveries)
            if isinstance(error, Unroutable):
                self._declare_again()
            raise

    def listen(self, destination: str) -> Awaitable[None] | None:
        """See `Broker.listen`."""
        return self._bindings.listen(destination)

    def unlisten(self, destination: str) -> None:
        """See `Broker.unlisten`."""
        self._bindings.unlisten(destination)

    def push_here(self, deliveries: Sequence[Delivery]) -> None:
        """See `Broker.push_here`."""
        self._local.push(deliveries)
        self._local.expect_repeats(deliveries)

    def signal(self, deliveries: Sequence[Delivery]) -> None:
        """See `Broker.signal`."""
        if deliveries:
            self._local.push(deliveries)
            self._signals.add(deliveries)

    def may_have_listener(self, queue: str) -> bool:
        """Always true: an instance does not know the subscriptions of the others."""
        return True

    @property
    def is_up(self) -> bool:
        """See `Broker.is_up`."""
        return self._outgoing.is_up

    async def wait_ready(self) -> None:
        """See `Broker.wait_ready`."""
        await self._outgoing.wait_writable()

    def _outgoing_messages(self, deliveries: Sequence[Delivery]) -> Iterator[OutgoingMessage]:
        exchange = DELIVERIES_EXCHANGE if self._settings.fanout else ROUTED_EXCHANGE
        for piece in pack(deliveries, self._settings.batch_bytes):
            message = self._message(piece, routing_keys(piece.destinations))
            # mandatory: our own queue is bound to this key, so that a returned message means that the topology is gone
            yield OutgoingMessage(message, exchange, own_key(self._identity))
        if self._mirror_topics:
            for delivery in deliveries:
                if delivery.destination.startswith(SESSION_TOPIC_PREFIX):
                    yield _mirrored(delivery)

    def _passing_messages(self, deliveries: Sequence[Delivery]) -> Iterator[OutgoingMessage]:
        """Transient messages for the instances that listen. Those of version 0.1.0 know no signals."""
        for piece in pack(deliveries, self._settings.batch_bytes):
            key, *more = routing_keys(piece.destinations)
            yield OutgoingMessage(self._message(piece, more, seconds=SIGNAL_SECONDS), ROUTED_EXCHANGE, key, False)

    def _message(self, piece: Piece, more_keys: Sequence[str], *, seconds: float | None = None) -> Message:
        """The signed message of a piece, which is stored, or gone after so many seconds."""
        message = Message(
            piece.body,
            content_type=CONTENT_TYPE,
            message_id=uuid4().hex,
            app_id=self._identity,
            delivery_mode=DeliveryMode.PERSISTENT if seconds is None else DeliveryMode.NOT_PERSISTENT,
            expiration=seconds,
            headers={"BCC": list(more_keys)},  # further keys, which RabbitMQ takes out
        )
        self._seal.sign(message)
        return message

    async def _prepare_to_publish(self, connection: AbstractConnection) -> None:
        await self._prepare(connection)
        await self._signals.open(connection)

    async def _prepare(self, connection: AbstractConnection) -> None:
        async with self._preparing:  # so that each link sees the queue that the other has declared
            # In a cluster, the node of a lost queue may have been away while the others went on. When it is back,
            # nobody knows what the queue has missed. With a single node nothing was published meanwhile.
            is_doubtful = self._is_cluster and self._queue is not None and self._queue == self._left
            known = None if is_doubtful else self._queue
            if known is not None and not await has_routed_exchange(connection):
                self._is_torn = True  # until all is bound again, also when anything below fails
            queue = await declare_deliveries(connection, known, self._identity, self._settings)
            is_new, self._queue = queue != self._queue, queue
            self._bindings.move_to(queue)  # before clients are told of a gap, as they soon subscribe again
            # at once: when anything below fails, the next connection finds this queue and sees no gap
            if is_new and (self._incoming.has_failed or self._outgoing.has_failed):
                self._local.tell_gap("its queue had to be made anew")
            elif self._is_torn:
                self._bindings.bind_again()
                self._local.tell_gap("its bindings had gone")
            self._is_torn = False
            if is_doubtful:
                await self._drop_left(connection)

    async def _prepare_to_receive(self, connection: AbstractConnection) -> None:
        await self._prepare(connection)
        # a channel of its own, as RabbitMQ delivers nothing on a channel while it binds
        self._binding_channel = await connection.channel(publisher_confirms=False)

    def _declare_again(self) -> None:
        """Connects again, which declares and binds everything: somebody has deleted a part of it."""
        if self._outgoing.is_up:  # else that is under way
            self._is_torn = True
            self._outgoing.drop()

    async def _receive(self, channel: AbstractChannel) -> None:
        assert self._queue is not None, "the link was prepared"
        assert self._binding_channel is not None, "the link was prepared"
        queue = self._queue
        if monotonic() - self._left_at > MAX_AGE / 2:
            self._local.tell_gap("it was cut off for so long that deliveries may be too old to be believed")
        try:
            await first_of(self._consume(channel, queue), self._bindings.keep(self._binding_channel))
        finally:
            self._left, self._left_at = queue, monotonic()

    async def _consume(self, channel: AbstractChannel, queue: str) -> None:
        inbox = Inbox()
        await inbox.open(channel, queue, self._settings.delivery_prefetch)
        while True:
            messages = await inbox.take()
            for message in messages:
                self._local.receive(message)
                await asyncio.sleep(0)  # lets the sockets write while there is a backlog
            await messages[-1].ack(multiple=True)

    async def _drop_left(self, connection: AbstractConnection) -> None:
        """Deletes the queue that this instance has left. When that fails, it expires."""
        assert self._left is not None
        try:
            await drop_deliveries(connection, self._left)
        except AMQPError as error:
            log.info("%s is left to expire (%s)", self._left, type(error).__name__)

    async def _delete_queue(self) -> None:
        """Deletes the queue, so that the broker does not fill it until it expires."""
        if self._queue is None:
            return
        try:
            channel = await self._outgoing.writable()
            await bounded(channel.queue_delete(self._queue), self._settings.publish_timeout)
        except Exception as error:
            log.info("%s is left to expire (%s)", self._queue, type(error).__name__)


def _mirrored(delivery: Delivery) -> OutgoingMessage:
    """A copy for RabbitMQ's own STOMP plugins, where `/topic/x` is the routing key `x` (contract, section 8)."""
    message = Message(delivery.body.encode(), content_type="application/json")
    return OutgoingMessage(message, TOPIC_EXCHANGE, delivery.destination.removeprefix("/topic/"), mandatory=False)
