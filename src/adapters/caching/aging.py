"""An LRU cache whose values become stale."""

from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from cachetools import LRUCache

from application.ports.clock import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class AgingCache(Generic[K, V]):
    """An LRU cache of `size` values. A value is fresh for `ttl` seconds. After that it is stale, but still there."""

    def __init__(self, clock: Clock, ttl: float, size: int) -> None:
        self._clock = clock
        self._ttl = timedelta(seconds=ttl)
        self._entries: LRUCache[K, tuple[V, datetime | None]] = LRUCache(size)

    def fresh(self, key: K) -> V | None:
        """The value, or None when it is stale or missing."""
        value, since = self._entries.get(key, (None, None))
        # a value from the future is stale: the clock was set back
        return value if since is not None and timedelta() <= self._clock.now() - since < self._ttl else None

    def fresh_or_stale(self, key: K) -> V | None:
        """The value of any age, or None when it is missing."""
        return self._entries.get(key, (None, None))[0]

    def put(self, key: K, value: V) -> None:
        """Keeps a value that is fresh from now on."""
        self._entries[key] = (value, self._clock.now())

    def put_stale(self, key: K, value: V) -> None:
        """Keeps a value that is stale already."""
        self._entries[key] = (value, None)

    def discard(self, key: K) -> None:
        """Forgets the value, if there is one."""
        self._entries.pop(key, None)
