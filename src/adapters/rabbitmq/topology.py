"""What exists on the broker. Declared on every connect; declaring what is there already changes nothing."""

import logging
from uuid import uuid4

from aio_pika import ExchangeType
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity, ChannelPreconditionFailed
from pamqp.common import FieldTable

from adapters.rabbitmq.settings import RabbitSettings

log = logging.getLogger(__name__)

TOPIC_EXCHANGE = "amq.topic"
DELIVERIES_EXCHANGE = "chat.deliveries"
SEND_QUEUE = "chat.send.queue"
SEND_ROUTING_KEY = "app/chat.send"
HELD_QUEUE = "chat.send.queue.held"
DEAD_QUEUE = "chat.send.queue.dead"

SEND_DELIVERY_LIMIT = 50
SEND_MAX_BYTES = HELD_MAX_BYTES = 1024 * 1024 * 1024
DEAD_MAX_BYTES = 256 * 1024 * 1024

_SEND_ARGUMENTS: FieldTable = {
    "x-queue-type": "quorum",
    "x-delivery-limit": SEND_DELIVERY_LIMIT,
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": DEAD_QUEUE,
    "x-dead-letter-strategy": "at-least-once",
    # at-least-once needs it, and a full queue must refuse rather than lose
    "x-overflow": "reject-publish",
    "x-max-length-bytes": SEND_MAX_BYTES,
}
_HELD_ARGUMENTS: FieldTable = {
    "x-queue-type": "quorum",
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": SEND_QUEUE,
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
    "x-max-length-bytes": HELD_MAX_BYTES,
}
_DEAD_ARGUMENTS: FieldTable = {"x-queue-type": "quorum", "x-max-length-bytes": DEAD_MAX_BYTES}


async def declare_deliveries(
    connection: AbstractConnection, queue: str | None, instance: str, settings: RabbitSettings
) -> str:
    """The fanout of all deliveries, and the name of one instance's queue bound to it: `queue` if it is still there.

    A durable classic queue: it outlives a lost connection and a restart of its node, so that an instance catches up
    afterwards. No quorum queue: one that has lost its majority holds up the confirms of everything that is published
    to the fanout, whereas a classic one on a lost node gets nothing, and is replaced by one of another name.
    It expires when its instance is gone. Beyond its size the oldest are let go.
    """
    if queue is None or not await _exists(connection, queue):
        queue = f"{DELIVERIES_EXCHANGE}.{instance}.{uuid4().hex[:8]}"
    async with connection.channel() as channel:
        exchange = await channel.declare_exchange(DELIVERIES_EXCHANGE, ExchangeType.FANOUT, durable=True)
        arguments: FieldTable = {
            "x-queue-version": 2,
            "x-expires": int(settings.queue_expires * 1000),
            "x-max-length-bytes": settings.queue_max_bytes,
        }
        deliveries = await channel.declare_queue(queue, durable=True, arguments=arguments)
        await deliveries.bind(exchange)
    return queue


async def drop_deliveries(connection: AbstractConnection, queue: str) -> None:
    """Deletes the queue, if it is there. Raises `AMQPError`, as when its node is away."""
    async with connection.channel() as channel:
        await channel.queue_delete(queue)


async def _exists(connection: AbstractConnection, queue: str) -> bool:
    try:
        async with connection.channel() as channel:
            await channel.declare_queue(queue, passive=True)
    except ChannelNotFoundEntity:
        return False
    return True


async def declare_sends(connection: AbstractConnection) -> None:
    """The queue of sends, its dead letters, those put aside, and the binding that any AMQP producer uses.

    What expires among those put aside goes back to the queue of sends. RabbitMQ looks only at the first one, so that
    none overtakes another, and one waits at most as long as the longest.
    """
    await _declare_or_take(connection, DEAD_QUEUE, _DEAD_ARGUMENTS)
    await _declare_or_take(connection, SEND_QUEUE, _SEND_ARGUMENTS)
    await _declare_or_take(connection, HELD_QUEUE, _HELD_ARGUMENTS)
    async with connection.channel() as channel:
        queue = await channel.get_queue(SEND_QUEUE)
        await queue.bind(TOPIC_EXCHANGE, SEND_ROUTING_KEY)


async def _declare_or_take(connection: AbstractConnection, name: str, arguments: FieldTable) -> None:
    """An operator may have made the queue with other arguments: it is used as it is."""
    try:
        async with connection.channel() as channel:
            await channel.declare_queue(name, durable=True, arguments=arguments)
    except ChannelPreconditionFailed:
        log.warning("queue %s exists with other arguments than ours and is used as it is", name)
