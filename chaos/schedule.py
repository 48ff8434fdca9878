"""Makes the schedule of faults from a seed. Pure."""

from collections.abc import Iterator, Sequence
from enum import Enum
from random import Random
from typing import NamedTuple, TypeVar

Card = TypeVar("Card")


class Part(Enum):
    """What a fault breaks. Faults of the same part never overlap, those of different parts may."""

    INSTANCE = "instance"
    BROKER = "broker node"
    DATABASE = "PostgreSQL"


class FaultKind(Enum):
    """A kind of fault. `value` is its name in the report."""

    KILL_INSTANCE = "instance killed"
    FREEZE_INSTANCE = "instance frozen"
    RESTART_INSTANCE = "instance restarted"
    KILL_BROKER = "broker node killed"
    FREEZE_BROKER = "broker node frozen"
    RESTART_BROKER = "broker node restarted"
    KILL_DATABASE = "PostgreSQL killed"
    FREEZE_DATABASE = "PostgreSQL frozen"
    RESTART_DATABASE = "PostgreSQL restarted"
    CRASH_BACKEND = "PostgreSQL backend killed"

    @property
    def part(self) -> Part:
        """The part that it breaks."""
        part = self.name.rpartition("_")[2]
        return Part.DATABASE if part == "BACKEND" else Part[part]


ALL = tuple(FaultKind)
_FROZEN = {FaultKind.FREEZE_INSTANCE, FaultKind.FREEZE_BROKER, FaultKind.FREEZE_DATABASE}
QUIET_EVERY = 5
"""Before every fifth fault everything is healed."""


class Fault(NamedTuple):
    """Breaks the `target`-th server of a part for `lasts` seconds, `at` seconds after the start.

    When it is `quiet`, all faults before it are healed first.
    """

    at: float
    kind: FaultKind
    target: int
    lasts: float
    quiet: bool


def schedule(
    seed: int, seconds: float, count: int, targets: dict[Part, int], kinds: Sequence[FaultKind] = ALL
) -> list[Fault]:
    """Spreads `count` faults over `seconds`. All `kinds` come equally often.

    `targets` gives the number of servers of each part. They take turns, in an order that the seed decides.
    """
    random = Random(seed)
    deck = _deal(random, kinds)
    turns = {part: _deal(random, range(number)) for part, number in targets.items()}
    slot = seconds / max(1, count)
    faults = []
    for number in range(count):
        kind = next(deck)
        at = slot * (number + random.uniform(0.4, 0.8))
        lasts = random.uniform(3, 9) if kind in _FROZEN else random.uniform(0.2, 3)
        faults.append(Fault(at, kind, next(turns[kind.part]), min(lasts, slot), number % QUIET_EVERY == 0))
    return faults


def _deal(random: Random, cards: Sequence[Card]) -> Iterator[Card]:
    """Yields all cards in a random order, again and again."""
    while True:
        yield from random.sample(cards, len(cards))
