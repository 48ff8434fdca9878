"""Counts what happened in a run, second by second."""

from collections import Counter
from itertools import pairwise
from time import monotonic


class Events:
    """Counts events by name, in total and by second.

    Counts acks by second: users see a second without one as an outage.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._seconds: Counter[tuple[int, str]] = Counter()
        self._acks: Counter[int] = Counter()
        self._begun = monotonic()

    def note(self, name: str) -> None:
        """Counts an event."""
        self.counts[name] += 1
        self._seconds[self._now(), name] += 1

    def acked(self) -> None:
        """Counts an ack."""
        self._acks[self._now()] += 1

    def longest_without_ack(self) -> int:
        """The longest time without an ack, in seconds."""
        seconds = sorted(self._acks)
        return max((later - earlier - 1 for earlier, later in pairwise(seconds)), default=0)

    def by_second(self) -> list[tuple[int, str, int]]:
        """All counts as (second, name, count), in order."""
        acks = [(second, "acked", count) for second, count in self._acks.items()]
        return sorted([*acks, *((second, name, count) for (second, name), count in self._seconds.items())])

    def _now(self) -> int:
        return int(monotonic() - self._begun)
