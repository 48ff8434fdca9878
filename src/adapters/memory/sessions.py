"""Sessions in memory."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.store import InMemoryStore
from application.ports.sessions import UNREAD_WINDOW, SessionOverview, SessionPosition
from domain.identifiers import Intent, ProfileId, SessionId
from domain.session import ChatSession


class InMemorySessionRepository:
    def __init__(self, store: InMemoryStore) -> None:
        self._store = store

    async def get_or_create(self, session: ChatSession) -> ChatSession:
        session_id = self._store.session_ids.setdefault((session.pair, session.intent), session.id)
        return self._store.sessions.setdefault(session_id, replace(session, created_at=self._store.clock.now()))

    async def find(self, session_id: SessionId) -> ChatSession | None:
        return self._store.sessions.get(session_id)

    async def overview(
        self, readers: Collection[ProfileId], intent: Intent | None, after: SessionPosition | None, limit: int
    ) -> Sequence[SessionOverview]:
        as_of = self._store.clock.now() if after is None else after.as_of
        places = [
            (self._active_at(session, as_of), session.id, session, reader)
            for session in self._store.sessions.values()
            for reader in [side for side in session.pair if side in readers][:1]
            if intent in (None, session.intent)
        ]
        places.sort(reverse=True)
        beyond = [place for place in places if after is None or place[:2] < (after.active_at, after.session_id)]
        return [self._overview(session, reader, active_at, as_of) for active_at, _, session, reader in beyond[:limit]]

    def _active_at(self, session: ChatSession, as_of: datetime) -> datetime:
        times = (message.sent_at for message in self._store.messages.get(session.id, []))
        return max((time for time in times if time <= as_of), default=session.created_at)

    def _overview(
        self, session: ChatSession, reader: ProfileId, active_at: datetime, as_of: datetime
    ) -> SessionOverview:
        messages = self._store.messages.get(session.id, [])
        unread = sum(not message.seen and message.sender_id != reader for message in messages[-UNREAD_WINDOW:])
        last = messages[-1] if messages else None
        return SessionOverview(session, reader, active_at, last, len(messages), unread, as_of)
