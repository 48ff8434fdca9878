"""What happened in a run, and in which second of it."""

from collections import Counter
from itertools import pairwise
from time import monotonic


class Events:
    """`counts` by name. `acks` are kept by the second, since a second without any is what an outage is to users."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._seconds: Counter[tuple[int, str]] = Counter()
        self._acks: Counter[int] = Counter()
        self._begun = monotonic()

    def note(self, name: str) -> None:
        self.counts[name] += 1
        self._seconds[self._now(), name] += 1

    def acked(self) -> None:
        self._acks[self._now()] += 1

    def longest_without_ack(self) -> int:
        """Seconds, between the first ack and the last."""
        seconds = sorted(self._acks)
        return max((later - earlier - 1 for earlier, later in pairwise(seconds)), default=0)

    def by_second(self) -> list[tuple[int, str, int]]:
        acks = [(second, "acked", count) for second, count in self._acks.items()]
        return sorted([*acks, *((second, name, count) for (second, name), count in self._seconds.items())])

    def _now(self) -> int:
        return int(monotonic() - self._begun)
