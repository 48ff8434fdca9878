"""Records when each message of a phase was sent, acked, refused and delivered."""

from array import array
from collections import Counter
from math import inf
from time import perf_counter

from bench.results.outcome import Outcome
from bench.results.percentiles import percentile, seconds_of

LATE = 0.01
"""Seconds after which a send of an open loop counts as late."""

AT_SENDER, AT_RECEIVER = 1, 2
_BOTH = AT_SENDER | AT_RECEIVER


class LoadRecord:
    """Numbers messages in the order of their sends. Times are seconds of `perf_counter`; 0 means not yet."""

    def __init__(self) -> None:
        self.intended = array("d")
        self._acked = array("d")
        self._delivered = array("d")
        self._refused = array("d")
        self._copies_missing = bytearray()
        self.acked = self.delivered = self.refused = self.twice = self.late_sends = 0
        self.copies = self.copies_expected = 0
        self.refusals: Counter[str] = Counter()
        self._retry_after: tuple[float, float] | None = None
        self.started = self.ended = perf_counter()

    @property
    def sent(self) -> int:
        """The number of messages sent."""
        return len(self.intended)

    @property
    def in_flight(self) -> int:
        """The number of messages without an ack, a delivery or a refusal."""
        return self.sent - min(self.acked, self.delivered) - self.refused

    @property
    def waits(self) -> bool:
        """Whether an ack, a delivery or a copy is missing."""
        return self.in_flight > 0 or self.copies < self.copies_expected

    def send(self, intended: float, *, on_topic: bool = False) -> int:
        """Records that a message is sent now, which was due at `intended`. Returns its number.

        With `on_topic`, sender and receiver should get a copy each on the session's topic.
        """
        self.intended.append(intended)
        self._acked.append(0.0)
        self._delivered.append(0.0)
        self._refused.append(0.0)
        self._copies_missing.append(_BOTH if on_topic else 0)
        self.copies_expected += 2 if on_topic else 0
        return len(self.intended) - 1

    def ack(self, number: int, now: float) -> None:
        """Records the ack of a message."""
        if self._acked[number]:
            self.twice += 1
            return
        self._acked[number] = self.ended = now
        self.acked += 1

    def deliver(self, number: int, now: float) -> None:
        """Records the delivery of a message to the receiver's queue."""
        if self._delivered[number]:
            self.twice += 1
            return
        self._delivered[number] = self.ended = now
        self.delivered += 1

    def deliver_copy(self, number: int, side: int) -> None:
        """Records a copy on the topic, at the `side` `AT_SENDER` or `AT_RECEIVER`."""
        if not self._copies_missing[number] & side:
            self.twice += 1
            return
        self._copies_missing[number] ^= side
        self.copies += 1

    def refuse(self, number: int, now: float, code: str, retry_after: float | None = None) -> None:
        """Records a refusal. `retry_after` is its header of that name, in seconds."""
        if self._refused[number]:
            self.twice += 1
            return
        self._refused[number] = now
        self.refused += 1
        self.refusals[code] += 1
        self.copies_expected -= self._copies_missing[number].bit_count()
        if retry_after is not None:
            least, most = self._retry_after or (inf, 0.0)
            self._retry_after = min(least, retry_after), max(most, retry_after)

    def caught_up(self, since: float) -> float:
        """Seconds from `since` until all messages sent before it were delivered. inf when one is missing."""
        ends = [end or inf for begin, end in zip(self.intended, self._delivered, strict=True) if begin < since]
        return max(ends, default=since) - since

    def latencies(self) -> list[float]:
        """Of the delivered, in milliseconds, in ascending order."""
        return _latencies(self.intended, self._delivered)

    def outcome(self, offered_seconds: float) -> Outcome:
        """The phase as a whole; `offered_seconds` is for how long messages were offered."""
        latencies = self.latencies()
        acks = _latencies(self.intended, self._acked)
        refusals = _latencies(self.intended, self._refused)
        offered_until = self.started + offered_seconds
        disputed = sum(
            1
            for refused, acked, delivered in zip(self._refused, self._acked, self._delivered, strict=True)
            if refused and (acked or delivered)
        )
        return Outcome(
            seconds=self.ended - self.started,
            goodput=sum(1 for end in self._delivered if 0 < end <= offered_until) / offered_seconds,
            sent=self.sent,
            acked=self.acked,
            delivered=self.delivered,
            refused=self.refused,
            missing=sum(
                1
                for delivered, refused in zip(self._delivered, self._refused, strict=True)
                if not (delivered or refused)
            ),
            twice=self.twice,
            disputed=disputed,
            copies=self.copies,
            copies_expected=self.copies_expected,
            late_sends=self.late_sends,
            p50=percentile(latencies, 0.5),
            p90=percentile(latencies, 0.9),
            p99=percentile(latencies, 0.99),
            max=percentile(latencies, 1.0),
            ack_p50=percentile(acks, 0.5),
            ack_p99=percentile(acks, 0.99),
            refusals=dict(self.refusals),
            refusal_p50=percentile(refusals, 0.5),
            refusal_p99=percentile(refusals, 0.99),
            retry_after=self._retry_after,
            timeline=seconds_of(self.intended, self._delivered, self.started),
            minutes=seconds_of(self.intended, self._delivered, self.started, width=60),
        )


def _latencies(begins: "array[float]", ends: "array[float]") -> list[float]:
    return sorted((end - begin) * 1000 for begin, end in zip(begins, ends, strict=True) if end)
