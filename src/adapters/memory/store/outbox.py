"""The outbox in memory."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from adapters.memory.store.contents import InMemoryStore, OutboxRow
from application.ports.outbox import DeadEntry, FailedTry, OutboxStatus
from domain.identifiers import OutboxId
from domain.outbox import OutboxEntry

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class InMemoryOutbox:
    """Keeps outbox entries in memory."""

    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.outbox
        self._clock = store.clock

    async def claim(self, lease: timedelta, limit: int) -> Sequence[OutboxEntry]:
        """See `Outbox.claim`."""
        now = self._clock.now()
        due = [row for row in self._pending() if row.next_try_at is not None and row.next_try_at <= now]
        due.sort(key=lambda row: (row.next_try_at or _LONG_AGO, row.entry.id))
        for row in due[:limit]:
            row.next_try_at = now + lease
        return [row.entry for row in due[:limit]]

    async def mark_processed(self, entry_ids: Collection[OutboxId], *, keep: bool) -> None:
        """See `Outbox.mark_processed`."""
        for entry_id in entry_ids:
            if not keep:
                self._rows.pop(entry_id, None)
            elif entry_id in self._rows:
                self._rows[entry_id].processed_at = self._clock.now()

    async def mark_failed(self, tries: Sequence[FailedTry]) -> None:
        """See `Outbox.mark_failed`."""
        now = self._clock.now()
        for failed in tries:
            row = self._rows.get(failed.id)
            if row is None:
                continue
            row.entry = row.entry._replace(retry_count=failed.retry_count)
            row.next_try_at, row.reason = None if failed.delay is None else now + failed.delay, failed.reason
            row.died_at = now if failed.delay is None else None

    async def release(self, entry_ids: Collection[OutboxId]) -> None:
        """See `Outbox.release`."""
        for row in self._pending():
            if row.entry.id in entry_ids:
                row.next_try_at = self._clock.now()

    async def purge(self, retention: timedelta, limit: int) -> int:
        """See `Outbox.purge`."""
        processed_before = self._clock.now() - retention
        old = [row for row in self._rows.values() if row.processed_at and row.processed_at < processed_before]
        for row in old[:limit]:
            del self._rows[row.entry.id]
        return len(old[:limit])

    async def status(self) -> OutboxStatus:
        """See `Outbox.status`."""
        pending = self._pending()
        oldest = min((row.entry.created_at for row in pending), default=None)
        return OutboxStatus(len(pending), len(self._dead()), oldest)

    async def dead(self, limit: int) -> Sequence[DeadEntry]:
        """See `Outbox.dead`."""
        dead = sorted(self._dead(), key=lambda row: row.died_at or _LONG_AGO)
        return [DeadEntry(row.entry, row.died_at or _LONG_AGO, row.reason) for row in dead[:limit]]

    async def requeue(self, entry_ids: Collection[OutboxId] | None) -> int:
        """See `Outbox.requeue`."""
        chosen = [row for row in self._dead() if entry_ids is None or row.entry.id in entry_ids]
        for row in chosen:
            row.entry = row.entry._replace(retry_count=0)
            row.next_try_at, row.died_at, row.reason = self._clock.now(), None, ""
        return len(chosen)

    async def drop(self, entry_ids: Collection[OutboxId]) -> int:
        """See `Outbox.drop`."""
        chosen = [row.entry.id for row in self._dead() if row.entry.id in entry_ids]
        for entry_id in chosen:
            del self._rows[entry_id]
        return len(chosen)

    def _pending(self) -> list[OutboxRow]:
        return [row for row in self._rows.values() if row.processed_at is None and row.died_at is None]

    def _dead(self) -> list[OutboxRow]:
        return [row for row in self._rows.values() if row.died_at is not None]
