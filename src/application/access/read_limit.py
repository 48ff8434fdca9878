"""Limits how often a principal may read, and how many of its reads may run at once."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from application.access.rate_limit import RateLimit
from domain.errors import RateLimited
from domain.principal import Principal, Service

OCTETS_OF_A_READ: Final = 32_768
"""The octets of an answer that count as one read: a larger answer counts as several."""
MESSAGES_OF_A_READ: Final = 25
"""A page that may have more messages counts as several of the reads at a time: 200 messages may be 3 MB."""


class ReadLimit:
    """Allows each user reads at `rate`, and `max_at_once` reads at a time. A trusted service has no limit."""

    def __init__(self, rate: RateLimit, max_at_once: int) -> None:
        self._rate = rate
        self._max_at_once = max_at_once
        self._running: Counter[str] = Counter()

    @contextmanager
    def reading(self, principal: Principal, messages: int = 1) -> Iterator[None]:
        """A context around one read of up to so many messages. Raises `RateLimited`."""
        if isinstance(principal, Service):
            yield
            return
        name, weight = principal.name, max(1, messages // MESSAGES_OF_A_READ)
        if self._running[name] and self._running[name] + weight > self._max_at_once:
            raise RateLimited(f"at most {self._max_at_once} reads at once", retry_after=1)
        self._rate.take(principal)
        self._running[name] += weight
        try:
            yield
        finally:
            self._running[name] -= weight
            if not self._running[name]:
                del self._running[name]

    def charge(self, principal: Principal, texts: Iterable[str]) -> None:
        """Counts an answer with these texts as several reads, when they are large."""
        self._rate.charge(principal, sum(len(text.encode()) for text in texts) // OCTETS_OF_A_READ)
