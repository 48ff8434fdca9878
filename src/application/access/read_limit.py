"""How often a principal may read, and how many of its reads may run at once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from application.access.rate_limit import RateLimit
from domain.errors import RateLimited
from domain.principal import Principal, Service


class ReadLimit:
    """`rate`, and at most `max_at_once` reads of one user at a time. A trusted service has no limit."""

    def __init__(self, rate: RateLimit, max_at_once: int) -> None:
        self._rate = rate
        self._max_at_once = max_at_once
        self._running: Counter[str] = Counter()

    @contextmanager
    def reading(self, principal: Principal) -> Iterator[None]:
        """Around one read. Raises `RateLimited`."""
        if isinstance(principal, Service):
            yield
            return
        name = principal.name
        if self._running[name] >= self._max_at_once:
            raise RateLimited(f"at most {self._max_at_once} reads at once", retry_after=1)
        self._rate.take(principal)
        self._running[name] += 1
        try:
            yield
        finally:
            self._running[name] -= 1
            if not self._running[name]:
                del self._running[name]
