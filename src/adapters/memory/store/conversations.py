"""Each side's own state of a session, in memory."""

from adapters.memory.store.contents import InMemoryStore
from application.ports.changes.message_changes import Operation
from application.ports.conversations import ConversationRule
from domain.errors import SessionNotFound
from domain.identifiers import ProfileId, SessionId


class InMemoryConversationRepository:
    """Keeps conversations in an in-memory store. Nothing here awaits, so each call is a transaction."""

    def __init__(self, store: InMemoryStore) -> None:
        self._store = store

    async def change(
        self, session_id: SessionId, reader: ProfileId, rule: ConversationRule, operation: Operation | None = None
    ) -> bool:
        """See `ConversationRepository.change`."""
        store = self._store
        session = store.sessions.get(session_id)
        if session is None:
            raise SessionNotFound
        if store.is_repeated(operation):
            return False
        before = store.conversation(reader, session_id)
        after = rule(before, store.activity(session, reader), store.clock.now())
        store.remember(operation)
        if after == before:
            return False
        store.conversations[reader, session_id] = after
        store.changes += 1
        store.changed_conversations[reader, session_id] = store.changes
        return True
