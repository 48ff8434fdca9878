"""Moves a send to another queue: the one for a later try, or that of the dead letters."""

from math import inf
from uuid import uuid4

from aio_pika import DeliveryMode, Message
from aio_pika.abc import HeadersType

from adapters.rabbitmq.publisher import OutgoingMessage
from adapters.rabbitmq.received import Received
from adapters.rabbitmq.topology import DEAD_QUEUE, HELD_QUEUE, SEND_DELIVERY_LIMIT

REASON_HEADER = "x-reason"
HELD_SINCE_HEADER = "x-held-since"
MAX_PROPERTY_BYTES = 16 * 1024  # they have to fit one AMQP frame

# RabbitMQ adds the first four, and would take ours for its own. For CC and BCC it would publish copies.
_NOT_KEPT = ("x-death", "x-first-death-", "x-last-death-", "x-delivery-count", "CC", "BCC")


def dead_letter(message: Received, reason: str) -> OutgoingMessage:
    """A copy for the queue of dead letters. `reason` is the code of an error."""
    return OutgoingMessage(_copy(message, {REASON_HEADER: reason}), "", DEAD_QUEUE)


def put_aside(message: Received, since: float, retry_in: float) -> OutgoingMessage:
    """A copy that comes back after `retry_in` seconds. `since` is when it was held first, in Unix time."""
    return OutgoingMessage(_copy(message, {HELD_SINCE_HEADER: int(since)}, retry_in), "", HELD_QUEUE)


def held_for(message: Received, taken_at: float, now: float) -> float:
    """How long the send is held, in seconds: since the time in its header, or since it was taken.

    Infinite when RabbitMQ has delivered it so often that it will not do so again.
    """
    deliveries, since = (message.headers.get(name) for name in ("x-delivery-count", HELD_SINCE_HEADER))
    if isinstance(deliveries, int) and deliveries >= SEND_DELIVERY_LIMIT - 1:
        return inf
    return max(0.0, now - held_since(since, taken_at))


def held_since(header: object, taken_at: float) -> float:
    """When the send was held first, in Unix time: by its header, if that is a time before `taken_at`."""
    return min(float(header), taken_at) if isinstance(header, int) and not isinstance(header, bool) else taken_at


def _copy(message: Received, ours: HeadersType, expiration: float | None = None) -> Message:
    """A copy with the producer's properties, or without them if they cannot be encoded or are too large."""
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
