"""The changes since a position, in memory."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from uuid import uuid4

from adapters.memory.store.contents import InMemoryStore
from application.ports.changes.sync import Position, SessionMarks
from domain.identifiers import ProfileId, SessionId
from domain.message import Message
from domain.session import ChatSession


class InMemorySyncStore:
    """Reads changes of an in-memory store by their numbers."""

    def __init__(self, store: InMemoryStore) -> None:
        self._store = store
        self._epoch = str(uuid4())

    async def position(self) -> Position:
        """See `SyncStore.position`."""
        return Position(self._epoch, self._store.changes + 1)

    async def sessions(
        self, readers: Collection[ProfileId], since: int, after: SessionId | None, limit: int
    ) -> Sequence[SessionMarks]:
        """See `SyncStore.sessions`."""
        changed = self._changed(readers, since, self._store.changed_conversations)
        return [self._marks(*side) for side in changed if after is None or side[0].id > after][:limit]

    async def messages(
        self,
        readers: Collection[ProfileId],
        since: int,
        after: tuple[SessionId, int] | None,
        limit: int,
        last: int | None = None,
    ) -> Sequence[Message]:
        """See `SyncStore.messages`."""
        numbers = self._store.changed_messages
        return [
            message
            for session, _ in self._changed(readers, since)
            for message in self._store.messages_of(session.id)[-last if last else 0 :]
            if numbers[message.id] >= since and (after is None or (session.id, message.seq) > after)
        ][:limit]

    def _changed(
        self,
        readers: Collection[ProfileId],
        since: int,
        sides: Mapping[tuple[ProfileId, SessionId], int] = MappingProxyType({}),
    ) -> list[tuple[ChatSession, ProfileId]]:
        numbers = self._store.changed_sessions

        def number(session: ChatSession) -> int:
            mine = (sides.get((side, session.id), 0) for side in session.pair if side in readers)
            return max(numbers.get(session.id, 0), *mine)

        found = [(session, reader) for session, reader in self._store.sides_of(readers) if number(session) >= since]
        return sorted(found, key=lambda side: side[0].id)

    def _marks(self, session: ChatSession, reader: ProfileId) -> SessionMarks:
        messages = self._store.messages.get(session.id, [])
        own_seen_to = max(
            (message.seq for message in messages if message.seen and message.sender_id != reader), default=0
        )
        peer, marks = session.peer_of(reader), self._store.marks_of_peer(session, reader)
        return SessionMarks(session.id, reader, peer, *marks, own_seen_to)
