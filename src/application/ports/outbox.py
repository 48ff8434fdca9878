"""The deliveries still owed, shared by all instances."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.identifiers import OutboxId
from domain.outbox import OutboxEntry


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """`oldest_pending_at` is the creation of the oldest entry not yet processed nor dead.

    The store cannot clean up what is younger than its oldest snapshot, which is `snapshot_age` transactions old.
    """

    pending: int
    dead: int
    oldest_pending_at: datetime | None
    snapshot_age: int = 0


@dataclass(frozen=True, slots=True)
class DeadEntry:
    entry: OutboxEntry
    died_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class FailedTry:
    """A try that failed: the next one is due after `delay`; None means that the entry is dead.

    `reason` carries no message text.
    """

    id: OutboxId
    retry_count: int
    delay: timedelta | None
    reason: str


class Outbox(Protocol):
    """Every call raises `Unavailable` when the store is away. All times are by the store's clock."""

    async def claim(self, lease: timedelta, limit: int) -> Sequence[OutboxEntry]:
        """Up to `limit` due entries, oldest first; nobody else gets them during `lease`. Racing claims are disjoint."""
        ...

    async def mark_processed(self, entry_ids: Collection[OutboxId], *, keep: bool) -> None:
        """The broker has these; they are never claimed again. Deleted at once unless `keep`."""
        ...

    async def mark_failed(self, tries: Sequence[FailedTry]) -> None:
        """Sets the next try of each, or its death."""
        ...

    async def release(self, entry_ids: Collection[OutboxId]) -> None:
        """Gives claimed entries back without counting a failure; they are due at once."""
        ...

    async def purge(self, retention: timedelta, limit: int) -> int:
        """Deletes up to `limit` entries processed longer ago than `retention`; how many."""
        ...

    async def status(self) -> OutboxStatus: ...

    async def dead(self, limit: int) -> Sequence[DeadEntry]:
        """Dead entries, the first to die first."""
        ...

    async def requeue(self, entry_ids: Collection[OutboxId] | None) -> int:
        """Makes dead entries (all of them for None) due again with a count of 0; how many there were."""
        ...

    async def drop(self, entry_ids: Collection[OutboxId]) -> int:
        """Deletes those of the entries that are dead; how many there were. What they owed is never delivered."""
        ...
