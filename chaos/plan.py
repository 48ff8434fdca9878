"""The plan of a run."""

from dataclasses import dataclass

from chaos.schedule import ALL, FaultKind


@dataclass(frozen=True)
class Plan:
    """What a run does.

    For `seconds`, `clients` users send `rate` messages a second together, `faults` faults of `kinds` happen, and
    `hostile_clients` attack the instances. Afterwards the run waits up to `patience` seconds for each thing that must
    come to rest. `seed` decides the schedule and the behaviour of the users.
    """

    seed: int
    seconds: float
    clients: int = 200
    faults: int = 0
    rate: float = 400.0
    kinds: tuple[FaultKind, ...] = ALL
    patience: float = 60.0
    hostile_clients: int = 0
