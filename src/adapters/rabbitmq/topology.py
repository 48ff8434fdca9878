"""Declares exchanges, queues and bindings. This happens on each connect, and changes nothing that is there already."""

import logging
from uuid import uuid4

from aio_pika import ExchangeType
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity, ChannelPreconditionFailed
from pamqp.common import FieldTable

from adapters.rabbitmq.routing import OF_OLD_INSTANCES, own_key
from adapters.rabbitmq.settings import RabbitSettings

log = logging.getLogger(__name__)

TOPIC_EXCHANGE = "amq.topic"
DELIVERIES_EXCHANGE = "chat.deliveries"
ROUTED_EXCHANGE = "chat.deliveries.routed"
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
    # at-least-once dead lettering requires it, and a full queue must refuse sends rather than lose them
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
    """Declares the exchanges of deliveries and one instance's queue. Returns its name: `queue` if that still exists.

    The queue is bound to the instance's own key. `Bindings` binds it to what its connections subscribe to. With
    `settings.fanout` everything goes through the fanout of version 0.1.0 to the exchange of routed deliveries: so old
    instances get all deliveries, and new ones those of old ones by their empty key, each once.

    It is a durable classic queue. It survives a lost connection and a restart of its node, so that the instance catches
    up afterwards. It is no quorum queue: one without a majority would delay the confirms of every publish. A classic
    queue on a lost node gets nothing, and the instance replaces it with one of another name. The queue expires when its
    instance is gone. When it is full, it drops the oldest messages.
    """
    if queue is None or not await _exists(connection, queue):
        queue = f"{DELIVERIES_EXCHANGE}.{instance}.{uuid4().hex[:8]}"
    async with connection.channel() as channel:
        routed = await channel.declare_exchange(ROUTED_EXCHANGE, ExchangeType.TOPIC, durable=True)
        arguments: FieldTable = {
            "x-queue-version": 2,
            "x-expires": int(settings.queue_expires * 1000),
            "x-max-length-bytes": settings.queue_max_bytes,
        }
        deliveries = await channel.declare_queue(queue, durable=True, arguments=arguments)
        await deliveries.bind(routed, own_key(instance))
        if settings.fanout:
            fanout = await channel.declare_exchange(DELIVERIES_EXCHANGE, ExchangeType.FANOUT, durable=True)
            await deliveries.bind(routed, OF_OLD_INSTANCES)
            await routed.bind(fanout)
    return queue


async def drop_deliveries(connection: AbstractConnection, queue: str) -> None:
    """Deletes the queue, if it exists. Raises `AMQPError`, for example when its node is away."""
    async with connection.channel() as channel:
        await channel.queue_delete(queue)


async def has_routed_exchange(connection: AbstractConnection) -> bool:
    """False when somebody has deleted the exchange of routed deliveries, and all bindings with it."""
    try:
        async with connection.channel() as channel:
            await channel.get_exchange(ROUTED_EXCHANGE)
    except ChannelNotFoundEntity:
        return False
    return True


async def _exists(connection: AbstractConnection, queue: str) -> bool:
    try:
        async with connection.channel() as channel:
            await channel.declare_queue(queue, passive=True)
    except ChannelNotFoundEntity:
        return False
    return True


async def declare_sends(connection: AbstractConnection) -> None:
    """Declares the queues of sends, of dead letters and of sends put aside, and the binding for AMQP producers.

    A send that expires in the queue of those put aside returns to the queue of sends. RabbitMQ expires only the first
    message of a queue. So none overtakes another, and a send waits at most as long as the longest one.
    """
    await _declare_or_take(connection, DEAD_QUEUE, _DEAD_ARGUMENTS)
    await _declare_or_take(connection, SEND_QUEUE, _SEND_ARGUMENTS)
    await _declare_or_take(connection, HELD_QUEUE, _HELD_ARGUMENTS)
    async with connection.channel() as channel:
        queue = await channel.get_queue(SEND_QUEUE)
        await queue.bind(TOPIC_EXCHANGE, SEND_ROUTING_KEY)


async def _declare_or_take(connection: AbstractConnection, name: str, arguments: FieldTable) -> None:
    """Declares the queue, or uses it as it is when an operator has made it with other arguments."""
    try:
        async with connection.channel() as channel:
            await channel.declare_queue(name, durable=True, arguments=arguments)
    except ChannelPreconditionFailed:
        log.warning("queue %s exists with other arguments than ours and is used as it is", name)
