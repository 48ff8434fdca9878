"""When what is broken, for how long: made of a seed, so that a run can be repeated. Pure."""

from collections.abc import Iterator, Sequence
from enum import Enum
from random import Random
from typing import NamedTuple, TypeVar

Card = TypeVar("Card")


class Part(Enum):
    """What a fault befalls. The faults of one part come one after the other, those of different parts may overlap."""

    INSTANCE = "instance"
    BROKER = "broker node"
    DATABASE = "PostgreSQL"


class FaultKind(Enum):
    """`value` is how it is called in the report."""

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
        part = self.name.rpartition("_")[2]
        return Part.DATABASE if part == "BACKEND" else Part[part]


ALL = tuple(FaultKind)
_FROZEN = {FaultKind.FREEZE_INSTANCE, FaultKind.FREEZE_BROKER, FaultKind.FREEZE_DATABASE}
QUIET_EVERY = 5  # after so many faults everything is healed before the next one


class Fault(NamedTuple):
    """At `at` seconds the `target`-th of its part is broken, for `lasts` seconds. `quiet` waits for all before it."""

    at: float
    kind: FaultKind
    target: int
    lasts: float
    quiet: bool


def schedule(
    seed: int, seconds: float, count: int, targets: dict[Part, int], kinds: Sequence[FaultKind] = ALL
) -> list[Fault]:
    """`count` faults spread over `seconds`, each kind as often as the others; `targets` counts what there is of a part.

    A target is not always the same one: they take turns, in an order that the seed gives.
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
    """All of them in a random order, again and again."""
    while True:
        yield from random.sample(cards, len(cards))
