"""How long deliveries took from commit to socket, counted in buckets."""

from bisect import bisect_left
from time import time

from application.ports.push import Delivery

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
"""Upper bounds in seconds, inclusive."""


class DeliveryTimes:
    """A histogram made for the writers' way: one bisection a delivery. `counts` has one place more, for the rest."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def written(self, delivery: Delivery) -> None:
        """A socket took the delivery just now; one without a commit time is not counted."""
        if delivery.committed_at is not None:
            seconds = max(0.0, time() - delivery.committed_at)
            self.counts[bisect_left(BUCKETS, seconds)] += 1
            self.total += seconds
