"""What was sent, acked and delivered in one phase, and when: the books of the benchmark."""

from array import array
from dataclasses import dataclass
from math import inf
from time import perf_counter


@dataclass(frozen=True)
class Outcome:
    """Counts of one phase; latencies in milliseconds from the intended send to the receiver's socket."""

    seconds: float
    sent: int
    acked: int
    delivered: int
    duplicates: int
    refused: int
    late_sends: int
    p50: float
    p90: float
    p99: float
    max: float
    ack_p50: float
    ack_p99: float

    @property
    def complete(self) -> bool:
        """Every message sent was acked and delivered, each once."""
        return self.sent == self.acked == self.delivered and not self.duplicates and not self.refused


class Exchange:
    """Messages are numbered in the order they are sent; times are `perf_counter` seconds, 0 is not yet."""

    def __init__(self) -> None:
        self.intended = array("d")
        self._acked = array("d")
        self._delivered = array("d")
        self.acked = self.delivered = self.duplicates = self.refused = self.late_sends = 0
        self.started = perf_counter()
        self.ended = self.started

    @property
    def sent(self) -> int:
        return len(self.intended)

    @property
    def in_flight(self) -> int:
        return self.sent - min(self.acked, self.delivered) - self.refused

    def send(self, intended: float) -> int:
        """The number of the message that is sent now and was meant to be at `intended`."""
        self.intended.append(intended)
        self._acked.append(0.0)
        self._delivered.append(0.0)
        return len(self.intended) - 1

    def ack(self, number: int, now: float) -> None:
        if self._acked[number]:
            self.duplicates += 1
            return
        self._acked[number] = self.ended = now
        self.acked += 1

    def deliver(self, number: int, now: float) -> None:
        if self._delivered[number]:
            self.duplicates += 1
            return
        self._delivered[number] = self.ended = now
        self.delivered += 1

    def caught_up(self, since: float) -> float:
        """Seconds from `since`, a `perf_counter`, until all sent before it was delivered; inf while some is missing."""
        ends = [end or inf for begin, end in zip(self.intended, self._delivered, strict=True) if begin < since]
        return max(ends, default=since) - since

    def outcome(self) -> Outcome:
        latencies = _latencies(self.intended, self._delivered)
        acks = _latencies(self.intended, self._acked)
        return Outcome(
            self.ended - self.started,
            self.sent,
            self.acked,
            self.delivered,
            self.duplicates,
            self.refused,
            self.late_sends,
            *(_percentile(latencies, share) for share in (0.5, 0.9, 0.99, 1.0)),
            *(_percentile(acks, share) for share in (0.5, 0.99)),
        )


def _latencies(begins: "array[float]", ends: "array[float]") -> list[float]:
    return sorted((end - begin) * 1000 for begin, end in zip(begins, ends, strict=True) if end)


def _percentile(ordered: list[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2) if ordered else 0.0
