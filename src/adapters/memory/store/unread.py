"""What somebody has not read, in memory: counted each time."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from adapters.memory.store.contents import InMemoryStore
from application.ports.changes.message_changes import Operation
from application.ports.unread import UnreadReading, UnreadSession, UnreadTotals
from domain.errors import SessionNotFound
from domain.identifiers import Email, Intent, ProfileId, SessionId
from domain.rules.unread import ReadMarks, mark_unread
from domain.session import ChatSession


class InMemoryUnreadRepository:
    """Counts the messages of an in-memory store."""

    def __init__(self, store: InMemoryStore) -> None:
        self._store = store

    async def totals(self, readers: Mapping[Email, Collection[ProfileId]]) -> UnreadReading:
        """See `UnreadRepository.totals`."""
        totals = {email: self._total(profile_ids) for email, profile_ids in readers.items()}
        return UnreadReading(self._store.clock.now(), totals)

    async def sessions(self, readers: Collection[ProfileId], limit: int) -> Sequence[UnreadSession]:
        """See `UnreadRepository.sessions`."""
        newest = sorted(self._unread(readers), key=lambda found: (self._last_at(found[0], readers), found[0].id))
        return [UnreadSession(session.id, unread) for session, unread in newest[::-1][:limit]]

    def _last_at(self, session: ChatSession, readers: Collection[ProfileId]) -> datetime:
        return self._store.activity(session, next(side for side in session.pair if side in readers)).last_at

    async def mark_unread(
        self, session_id: SessionId, reader: ProfileId, from_seq: int, operation: Operation | None = None
    ) -> bool:
        """See `UnreadRepository.mark_unread`."""
        store = self._store
        if session_id not in store.sessions:
            raise SessionNotFound
        if store.is_repeated(operation):
            return False
        store.remember(operation)
        before = store.read_marks.get((reader, session_id), ReadMarks())
        after = store.read_marks[reader, session_id] = mark_unread(before, from_seq)
        if after == before:
            return False
        store.changes += 1
        store.changed_conversations[reader, session_id] = store.changes
        return True

    def _total(self, readers: Collection[ProfileId]) -> UnreadTotals:
        found = self._unread(readers)
        by_intent: dict[Intent, int] = {}
        for session, unread in sorted(found, key=lambda pair: pair[0].intent):
            by_intent[session.intent] = by_intent.get(session.intent, 0) + unread
        return UnreadTotals(sum(unread for _, unread in found), len(found), by_intent)

    def _unread(self, readers: Collection[ProfileId]) -> list[tuple[ChatSession, int]]:
        counted = [(session, self._store.unread(session, reader)) for session, reader in self._store.sides_of(readers)]
        return [(session, unread) for session, unread in counted if unread]
