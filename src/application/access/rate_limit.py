"""Limits how often a principal may make requests of one kind, by a token bucket."""

from dataclasses import dataclass

from cachetools import LRUCache

from application.ports.clock import Clock
from domain.errors import RateLimited
from domain.principal import Principal, Service


@dataclass(slots=True)
class _Bucket:
    """A principal had `left` requests at `since`, in seconds of Unix time."""

    left: float
    since: float


class RateLimit:
    """Allows each principal `per_second` requests in the long run, and `burst` at once. 0 a second is no limit.

    Remembers up to `max_principals`, and forgets the least active ones. A trusted service has no limit, as it acts for
    many users.
    """

    def __init__(self, clock: Clock, *, per_second: float, burst: int, max_principals: int = 100_000) -> None:
        self._clock = clock
        self._per_second = per_second
        self._burst = burst
        self._buckets: LRUCache[str, _Bucket] = LRUCache(max_principals)

    def take(self, principal: Principal, count: int = 1) -> None:
        """Counts `count` requests, or none of them when they exceed the limit.

        Raises `RateLimited` with the seconds until they fit. More than `burst` at once never fit.
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

    def charge(self, principal: Principal, count: int) -> None:
        """Counts `count` requests more of a principal whose request was taken, also beyond the limit.

        The next one is refused until they fit.
        """
        bucket = self._buckets.get(principal.name)
        if bucket is not None and not isinstance(principal, Service):
            bucket.left -= count
