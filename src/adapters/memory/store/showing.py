"""What users show of themselves, in memory."""

from collections.abc import Collection, Mapping, Sequence

from adapters.memory.store.contents import InMemoryStore
from application.ports.changes.message_changes import Operation
from application.ports.showing import TOO_MANY, Side
from domain.errors import Invalid
from domain.identifiers import Email, Intent, SessionId
from domain.profile import Profile
from domain.showing import MAX_INTENTS, Hidden, Showing


class InMemoryShowingRepository:
    """Keeps settings in an in-memory store. Nothing here awaits, so each call is a transaction."""

    def __init__(self, store: InMemoryStore) -> None:
        self._store = store

    async def of(self, email: Email) -> Mapping[Intent | None, Showing]:
        """See `ShowingRepository.of`."""
        return {intent: showing for (owner, intent), showing in self._store.showing.items() if owner == email}

    async def hidden(self, session_ids: Collection[SessionId]) -> Mapping[SessionId, Hidden]:
        """See `ShowingRepository.hidden`."""
        sessions = self._store.sessions
        return {
            session_id: self._store.hidden(sessions[session_id]) for session_id in session_ids if session_id in sessions
        }

    async def store(
        self,
        email: Email,
        profiles: Collection[Profile],
        intent: Intent | None,
        showing: Showing,
        operation: Operation | None = None,
    ) -> Sequence[Side]:
        """See `ShowingRepository.store`."""
        store = self._store
        if store.is_repeated(operation):
            return []
        if (email, intent) not in store.showing and len(await self.of(email)) > MAX_INTENTS:
            raise Invalid(TOO_MANY, field="intent")
        store.remember(operation)
        store.showing[email, intent] = showing
        changed: list[Side] = []
        for session in store.sessions.values():
            for profile in profiles:
                if session.has(profile.id):
                    hidden = store.hidden_by(email, session.intent)
                    if store.hides.get((profile.id, session.id), Hidden.NOTHING) != hidden:
                        store.hides[profile.id, session.id] = hidden
                        store.freeze(session)
                        store.note_session(session.id)
                        changed.append(Side(profile.id, session.id))
        return changed
