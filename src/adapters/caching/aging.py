"""A cache whose values age."""

from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from cachetools import LRUCache

from application.ports.clock import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class AgingCache(Generic[K, V]):
    """The `size` values used last: each is fresh for `ttl` seconds, and still there, though stale, afterwards."""

    def __init__(self, clock: Clock, ttl: float, size: int) -> None:
        self._clock = clock
        self._ttl = timedelta(seconds=ttl)
        self._entries: LRUCache[K, tuple[V, datetime | None]] = LRUCache(size)

    def fresh(self, key: K) -> V | None:
        value, since = self._entries.get(key, (None, None))
        # a clock that was set back must not keep a value fresh
        return value if since is not None and timedelta() <= self._clock.now() - since < self._ttl else None

    def fresh_or_stale(self, key: K) -> V | None:
        return self._entries.get(key, (None, None))[0]

    def put(self, key: K, value: V) -> None:
        self._entries[key] = (value, self._clock.now())

    def put_stale(self, key: K, value: V) -> None:
        self._entries[key] = (value, None)

    def discard(self, key: K) -> None:
        self._entries.pop(key, None)
