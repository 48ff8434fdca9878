"""Deliveries to every instance over RabbitMQ."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from uuid import uuid4

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPError

from adapters.rabbitmq.bounded import bounded
from adapters.rabbitmq.inbox import Inbox
from adapters.rabbitmq.link import Link
from adapters.rabbitmq.local_push import LocalPush
from adapters.rabbitmq.publisher import Letter, Publisher
from adapters.rabbitmq.seal import MAX_AGE, Seal
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.topology import DELIVERIES_EXCHANGE, TOPIC_EXCHANGE, declare_deliveries, drop_deliveries
from application.ports.push import Delivery, Push
from application.wire.deliveries import CONTENT_TYPE, pack
from domain.destination import SESSION_TOPIC_PREFIX

log = logging.getLogger(__name__)


class RabbitBroker:
    """One instance on the fanout `chat.deliveries`, with a queue of its own.

    What it publishes is pushed here at once, without the detour. Two connections: the broker stops reading from one
    that publishes while it is short of memory, and the acks of deliveries must not wait for that.

    `on_gap` is called when deliveries may be missing here for good: the queue had to be made anew, or held what this
    version cannot read. Clients are then to be asked to resume; closing their connections is enough. `on_rejected` is
    called for each message that did not come from an instance: `seal` does not verify it.
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
        # unique, so that two processes of one name never share a queue, nor one process that of its past
        self._identity = f"{instance_name}.{uuid4().hex[:12]}"
        self._queue: str | None = None
        self._is_cluster = len(urls) > 1
        self._left: str | None = None  # the queue whose consumer was lost last
        self._left_at = float("inf")  # by the monotonic clock
        self._seal = seal
        self._mirror_topics = mirror_topics
        self._local = LocalPush(self._identity, seal, self._settings, on_gap, on_rejected)
        self._preparing = asyncio.Lock()
        self._outgoing = Link(urls, f"{self._identity} publishes", self._settings, self._prepare)
        self._incoming = Link(urls, f"{self._identity} receives", self._settings, self._prepare, self._receive)
        self._publisher = Publisher(self._outgoing, self._settings)

    async def start(self, push: Push) -> None:
        self._local.open(push)
        self._outgoing.start()
        self._incoming.start()

    async def stop(self) -> None:
        await self._publisher.drain()
        self._local.close()
        await self._incoming.stop()
        await self._delete_queue()
        await self._outgoing.stop()

    async def publish(self, deliveries: Sequence[Delivery]) -> None:
        """As the port says; raises `Unavailable` at once when the broker is away or has raised an alarm.

        Whatever it raises, connections of this instance have been served, and a repeat will not serve them again.
        """
        if not deliveries:
            return
        self._local.push(deliveries)
        try:
            await self._publisher.publish(list(self._letters(deliveries)))
        except BaseException:
            self._local.expect_repeats(deliveries)
            raise

    def push_here(self, deliveries: Sequence[Delivery]) -> None:
        self._local.push(deliveries)
        self._local.expect_repeats(deliveries)

    def may_have_listener(self, queue: str) -> bool:
        """Instances do not tell each other who subscribes to what."""
        return True

    @property
    def is_up(self) -> bool:
        return self._outgoing.is_up

    async def wait_ready(self) -> None:
        await self._outgoing.wait_writable()

    def _letters(self, deliveries: Sequence[Delivery]) -> Iterator[Letter]:
        for piece in pack(deliveries, self._settings.batch_bytes):
            message = Message(
                piece,
                content_type=CONTENT_TYPE,
                message_id=uuid4().hex,
                app_id=self._identity,
                delivery_mode=DeliveryMode.PERSISTENT,
            )
            self._seal.sign(message)
            # mandatory: our own queue at least is bound, so that an unroutable one tells of a topology torn down
            yield Letter(message, DELIVERIES_EXCHANGE, "")
        if self._mirror_topics:
            for delivery in deliveries:
                if delivery.destination.startswith(SESSION_TOPIC_PREFIX):
                    yield _mirrored(delivery)

    async def _prepare(self, connection: AbstractConnection) -> None:
        async with self._preparing:  # so that one link sees what the other has made
            # In a cluster a queue that was left may have been away with its node, and the others went on without it:
            # it is there again, and nothing tells what it has not got. With one node everybody was away.
            is_doubtful = self._is_cluster and self._queue is not None and self._queue == self._left
            known = None if is_doubtful else self._queue
            queue = await declare_deliveries(connection, known, self._identity, self._settings)
            is_new, self._queue = queue != self._queue, queue
            if is_doubtful:
                await self._drop_left(connection)
        if is_new and (self._incoming.has_failed or self._outgoing.has_failed):
            self._local.tell_gap("its queue had to be made anew")

    async def _receive(self, channel: AbstractChannel) -> None:
        assert self._queue is not None, "the link was prepared"
        queue = self._queue
        if monotonic() - self._left_at > MAX_AGE / 2:
            self._local.tell_gap("it was cut off for so long that deliveries may be too old to be believed")
        try:
            await self._consume(channel, queue)
        finally:
            self._left, self._left_at = queue, monotonic()

    async def _consume(self, channel: AbstractChannel, queue: str) -> None:
        inbox = Inbox()
        await inbox.open(channel, queue, self._settings.delivery_prefetch)
        while True:
            messages = await inbox.take()
            for message in messages:
                self._local.receive(message)
                await asyncio.sleep(0)  # the sockets' writers keep pace with a backlog
            await messages[-1].ack(multiple=True)

    async def _drop_left(self, connection: AbstractConnection) -> None:
        """Nobody consumes it any more."""
        assert self._left is not None
        try:
            await drop_deliveries(connection, self._left)
        except AMQPError as error:
            log.info("%s is left to expire (%s)", self._left, type(error).__name__)

    async def _delete_queue(self) -> None:
        """Others need not fill it until it expires."""
        if self._queue is None:
            return
        try:
            channel = await self._outgoing.writable()
            await bounded(channel.queue_delete(self._queue), self._settings.publish_timeout)
        except Exception as error:
            log.info("%s is left to expire (%s)", self._queue, type(error).__name__)


def _mirrored(delivery: Delivery) -> Letter:
    """For RabbitMQ's own STOMP plugins, where `/topic/x` is the routing key `x` (contract, section 8)."""
    message = Message(delivery.body.encode(), content_type="application/json")
    return Letter(message, TOPIC_EXCHANGE, delivery.destination.removeprefix("/topic/"), mandatory=False)
