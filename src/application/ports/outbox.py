"""The port for the outbox: deliveries that are not made yet. All instances share it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.identifiers import OutboxId
from domain.outbox import OutboxEntry


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """How many entries are pending and dead.

    `oldest_pending_at` is when the oldest pending entry was created. `snapshot_age` is the age of the store's oldest
    snapshot, in transactions: the store cannot clean up rows that were deleted after it.
    """

    pending: int
    dead: int
    oldest_pending_at: datetime | None
    snapshot_age: int = 0


@dataclass(frozen=True, slots=True)
class DeadEntry:
    """An entry that failed too often. `reason` says why the last try failed, without message text."""

    entry: OutboxEntry
    died_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class FailedTry:
    """A failed try. The next one is due after `delay`; None means that the entry is dead.

    `reason` contains no message text.
    """

    id: OutboxId
    retry_count: int
    delay: timedelta | None
    reason: str


class Outbox(Protocol):
    """The entries that wait, are processed or dead.

    Every call raises `Unavailable` when the store is away. All times are by the store's clock.
    """

    async def claim(self, lease: timedelta, limit: int) -> Sequence[OutboxEntry]:
        """Claims up to `limit` due entries, oldest first, for the duration of `lease`.

        Nobody else can claim them during that time. Racing claims are disjoint.
        """
        ...

    async def mark_processed(self, entry_ids: Collection[OutboxId], *, keep: bool) -> None:
        """Marks entries that the broker has: nobody claims them again. Deletes them at once unless `keep`."""
        ...

    async def mark_failed(self, tries: Sequence[FailedTry]) -> None:
        """Schedules the next try of each entry, or marks the entry as dead."""
        ...

    async def release(self, entry_ids: Collection[OutboxId]) -> None:
        """Gives claimed entries back without counting a failure. They are due at once."""
        ...

    async def purge(self, retention: timedelta, limit: int) -> int:
        """Deletes up to `limit` entries that were processed longer ago than `retention`. Returns their number."""
        ...

    async def status(self) -> OutboxStatus:
        """Counts the entries that are pending and dead."""
        ...

    async def dead(self, limit: int) -> Sequence[DeadEntry]:
        """The first `limit` dead entries, in the order in which they died."""
        ...

    async def requeue(self, entry_ids: Collection[OutboxId] | None) -> int:
        """Makes dead entries due again with a retry count of 0; None means all of them. Returns their number."""
        ...

    async def drop(self, entry_ids: Collection[OutboxId]) -> int:
        """Deletes those of the entries that are dead. They are never delivered. Returns their number."""
        ...
