"""A send that is moved to another queue: put aside for a while, or among the dead."""

from math import inf
from uuid import uuid4

from aio_pika import DeliveryMode, Message
from aio_pika.abc import HeadersType

from adapters.rabbitmq.publisher import Letter
from adapters.rabbitmq.received import Received
from adapters.rabbitmq.topology import DEAD_QUEUE, HELD_QUEUE, SEND_DELIVERY_LIMIT

REASON_HEADER = "x-reason"
HELD_SINCE_HEADER = "x-held-since"
MAX_PROPERTY_BYTES = 16 * 1024  # they have to fit one AMQP frame

# What RabbitMQ says of itself, and takes as the history of a message; by CC and BCC it would send copies elsewhere.
_NOT_KEPT = ("x-death", "x-first-death-", "x-last-death-", "x-delivery-count", "CC", "BCC")


def dead(message: Received, reason: str) -> Letter:
    return Letter(_copy(message, {REASON_HEADER: reason}), "", DEAD_QUEUE)


def put_aside(message: Received, since: float, retry_in: float) -> Letter:
    """Comes back after `retry_in` seconds; `since` is Unix time."""
    return Letter(_copy(message, {HELD_SINCE_HEADER: int(since)}, retry_in), "", HELD_QUEUE)


def held_for(message: Received, taken_at: float, now: float) -> float:
    """In seconds: since its header says, or since it was taken. Infinite for a send that RabbitMQ gives out last."""
    deliveries, since = (message.headers.get(name) for name in ("x-delivery-count", HELD_SINCE_HEADER))
    if isinstance(deliveries, int) and deliveries >= SEND_DELIVERY_LIMIT - 1:
        return inf
    return max(0.0, now - held_since(since, taken_at))


def held_since(header: object, taken_at: float) -> float:
    """Unix time; anybody may have written the header."""
    return min(float(header), taken_at) if isinstance(header, int) and not isinstance(header, bool) else taken_at


def _copy(message: Received, ours: HeadersType, expiration: float | None = None) -> Message:
    """With the producer's own properties, if they can be written again and are not too large."""
    theirs = {name: value for name, value in message.headers.items() if not name.startswith(_NOT_KEPT)}
    copy = _message(message.body, {**theirs, **ours}, message.content_type, message.message_id, expiration)
    return copy if _can_be_written(copy) else _message(message.body, ours, None, None, expiration)


def _message(
    body: bytes, headers: HeadersType, content_type: str | None, message_id: str | None, expiration: float | None
) -> Message:
    return Message(
        body,
        content_type=content_type,
        message_id=message_id or uuid4().hex,
        headers=headers,
        delivery_mode=DeliveryMode.PERSISTENT,
        expiration=expiration,
    )


def _can_be_written(message: Message) -> bool:
    try:
        return len(message.properties.marshal()) <= MAX_PROPERTY_BYTES
    except (TypeError, ValueError, OverflowError):
        return False
