"""Limits and intervals for RabbitMQ."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RabbitSettings:
    """Limits and intervals. Times are in seconds, sizes in bytes.

    A publish larger than `batch_bytes` is split into several AMQP messages. `max_in_flight` limits AMQP messages
    without a confirm. RabbitMQ removes a delivery queue after `queue_expires` without its instance. `max_remembered`
    limits the remembered deliveries that were pushed while publishing failed, `max_received_remembered` those that came
    from other instances. `accept_unsigned` accepts deliveries of version 0.1.0, which does not sign. With `fanout`
    deliveries reach instances of version 0.1.0, and theirs reach this one. Of a send larger than `max_frame_bytes`
    only the beginning is kept; None is no limit.

    At most `bind_at_once` buckets are bound or unbound by one call, and about `max_bindings` are bound one by one. A
    bucket without subscribers is unbound after `unbind_after`. A subscriber waits for its binding, `bind_patience` at
    most.
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
    fanout: bool = False
    bind_at_once: int = 64
    max_bindings: int = 512
    unbind_after: float = 60.0
    bind_patience: float = 3.0
    send_prefetch: int = 200
    max_frame_bytes: int | None = None
    send_retry: float = 0.5
    max_send_retry: float = 5.0
