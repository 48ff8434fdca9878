"""The figures of one store."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.results.percentiles import percentile


@dataclass
class StoreFigures:
    """What was measured of a store with `messages` messages in `sessions` sessions at the start.

    `times` has the median and the 99th percentile of the calls, in milliseconds. `log` has the octets of the
    write-ahead log for each message that was sent and marked, and `pages` the full pages among it. `octets` has the
    sizes of tables and indexes by name, when all was sent and `stored` messages were there.
    """

    messages: int
    sessions: int
    times: dict[str, tuple[float, float]] = field(default_factory=dict)
    log: dict[str, float] = field(default_factory=dict)
    pages: dict[str, float] = field(default_factory=dict)
    octets: dict[str, int] = field(default_factory=dict)
    stored: int = 0

    def note(self, name: str, seconds: Sequence[float]) -> None:
        """Keeps how long the calls took."""
        ordered = sorted(1_000 * one for one in seconds)
        self.times[name] = percentile(ordered, 0.5), percentile(ordered, 0.99)

    def as_json(self) -> dict[str, Any]:
        """The figures for a JSON document."""
        return asdict(self)
