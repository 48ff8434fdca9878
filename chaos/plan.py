"""What a run is asked to do."""

from dataclasses import dataclass

from chaos.schedule import ALL, FaultKind


@dataclass(frozen=True)
class Plan:
    """`rate` is messages a second of all clients together, `patience` the seconds that healed things may take.

    `mean_clients` attack the instances meanwhile.
    """

    seed: int
    seconds: float
    clients: int = 200
    faults: int = 0
    rate: float = 400.0
    kinds: tuple[FaultKind, ...] = ALL
    patience: float = 60.0
    mean_clients: int = 0
