"""The limits and intervals of everything that speaks to RabbitMQ."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RabbitSettings:
    """Times are in seconds, sizes in bytes.

    `batch_bytes` is the size at which a publish is split into several AMQP messages; `max_in_flight` counts AMQP
    messages without a confirm. A delivery queue is removed after `queue_expires` without its instance. `max_remembered`
    counts deliveries pushed here while publishing failed, `max_received_remembered` those that came from others.
    `accept_unsigned` takes the deliveries of version 0.1.0, which does not sign.
    """

    publish_timeout: float = 5.0
    connect_timeout: float = 10.0
    heartbeat: int = 10
    first_backoff: float = 0.1
    max_backoff: float = 5.0
    batch_bytes: int = 100_000
    max_in_flight: int = 2_000
    max_remembered: int = 200_000
    max_received_remembered: int = 20_000
    delivery_prefetch: int = 64
    queue_expires: float = 600.0
    queue_max_bytes: int = 256 * 1024 * 1024
    accept_unsigned: bool = False
    send_prefetch: int = 200
    send_retry: float = 0.5
    max_send_retry: float = 5.0
