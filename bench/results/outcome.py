"""What the clients of one phase saw."""

from dataclasses import dataclass

from bench.results.percentiles import Second


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Counts of one phase, and latencies in milliseconds from the intended send to the receiver's socket.

    `goodput` is deliveries a second while messages were offered. `twice` counts repeated acks and deliveries.
    `disputed` counts messages that were refused, and also acked or delivered. `copies` are deliveries on topics. The
    times of refusals are in milliseconds from the send. `retry_after` is the least and the longest one, in seconds.
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
