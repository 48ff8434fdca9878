"""What the clients saw of one phase."""

from dataclasses import dataclass

from bench.percentiles import Second


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Counts of one phase; latencies in milliseconds from the intended send to the receiver's socket.

    `goodput` is deliveries a second while messages were offered; `twice` counts acks and deliveries beyond the first;
    `disputed` are messages that were refused and yet acked or delivered; `copies` are deliveries on topics.
    Times of refusals are in milliseconds from the send; `retry_after` is the least and the longest told, in seconds.
    """

    seconds: float
    goodput: float
    sent: int
    acked: int
    delivered: int
    refused: int
    missing: int
    twice: int
    disputed: int
    copies: int
    copies_expected: int
    late_sends: int
    p50: float
    p90: float
    p99: float
    max: float
    ack_p50: float
    ack_p99: float
    refusals: dict[str, int]
    refusal_p50: float
    refusal_p99: float
    retry_after: tuple[float, float] | None
    timeline: list[Second]
    minutes: list[Second]
