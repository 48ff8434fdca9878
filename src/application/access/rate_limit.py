"""How many requests of one kind a principal may make: a token bucket each."""

from dataclasses import dataclass

from cachetools import LRUCache

from application.ports.clock import Clock
from domain.errors import RateLimited
from domain.principal import Principal, Service


@dataclass(slots=True)
class _Bucket:
    """`left` requests at `since`, in seconds."""

    left: float
    since: float


class RateLimit:
    """`per_second` requests in the long run and `burst` at once; 0 a second is no limit.

    The least active principals are forgotten. A trusted service has no limit: it acts for many, and knows its users.
    """

    def __init__(self, clock: Clock, per_second: float, burst: int, max_principals: int = 100_000) -> None:
        self._clock = clock
        self._per_second = per_second
        self._burst = burst
        self._buckets: LRUCache[str, _Bucket] = LRUCache(max_principals)

    def take(self, principal: Principal, count: int = 1) -> None:
        """Takes what `count` messages are worth, or nothing: raises `RateLimited` with the seconds until it is there.

        More than `burst` at once are never allowed.
        """
        if not self._per_second or isinstance(principal, Service):
            return
        now = self._clock.now().timestamp()
        bucket = self._buckets.get(principal.name)
        if bucket is None:
            bucket = self._buckets[principal.name] = _Bucket(self._burst, now)
        left = min(self._burst, bucket.left + max(0.0, now - bucket.since) * self._per_second)
        if left < count:
            raise RateLimited(retry_after=max(1, round((count - left) / self._per_second)))
        bucket.left, bucket.since = left - count, now
