"""Counts how long deliveries took from the commit to the socket."""

from bisect import bisect_left

from application.ports.clock import Clock
from application.ports.push import Delivery

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
"""The inclusive upper bounds of the buckets, in seconds."""


class DeliveryTimes:
    """A histogram, cheap to add to. `counts` has one more bucket, for longer times."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def written(self, delivery: Delivery) -> None:
        """Counts a delivery that a socket took just now. Ignores one without a commit time."""
        if delivery.committed_at is not None:
            seconds = max(0.0, self._clock.now().timestamp() - delivery.committed_at)
            self.counts[bisect_left(BUCKETS, seconds)] += 1
            self.total += seconds
