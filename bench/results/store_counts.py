"""What the store holds after a phase."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StoreCounts:
    """`stored` messages of a run, sessions with `holes` in their `seq`, and outbox rows that are not processed."""

    stored: int
    holes: int
    outbox_pending: int
