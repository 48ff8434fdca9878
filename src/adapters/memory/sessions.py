"""Sessions in memory."""

from adapters.memory.store import InMemoryStore
from domain.identifiers import SessionId
from domain.session import ChatSession


class InMemorySessionRepository:
    def __init__(self, store: InMemoryStore) -> None:
        self._store = store

    async def get_or_create(self, session: ChatSession) -> ChatSession:
        session_id = self._store.session_ids.setdefault((session.pair, session.intent), session.id)
        return self._store.sessions.setdefault(session_id, session)

    async def find(self, session_id: SessionId) -> ChatSession | None:
        return self._store.sessions.get(session_id)
