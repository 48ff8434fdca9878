"""Sessions in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from adapters.memory.store.contents import InMemoryStore
from application.ports.changes.message_changes import Operation
from application.ports.sessions import SessionOverview, SessionPosition
from domain.conversation import Activity
from domain.errors import SessionNotFound
from domain.identifiers import Email, Intent, ProfileId, SessionId
from domain.rules.conversations import is_archived
from domain.session import ChatSession
from domain.showing import Hidden
from domain.standing import Standing


class InMemorySessionRepository:
    """Keeps sessions in memory."""

    def __init__(self, store: InMemoryStore) -> None:
        self._store = store

    async def get_or_create(
        self, session: ChatSession, emails: Mapping[ProfileId, Email] = MappingProxyType({})
    ) -> ChatSession:
        """See `SessionRepository.get_or_create`."""
        session_id = self._store.session_ids.setdefault((session.pair, session.intent), session.id)
        if session_id not in self._store.sessions:
            self._store.note_session(session_id)
            self._store.emails.update(emails)
            for profile_id, email in emails.items():
                self._store.hides[profile_id, session_id] = self._store.hidden_by(email, session.intent)
            for side in session.pair:
                if self._store.blocks_in(side, session.peer_of(side)):
                    self._store.blocked_at[side, session_id] = self._store.clock.now()
        return self._store.sessions.setdefault(session_id, replace(session, created_at=self._store.clock.now()))

    async def find(self, session_id: SessionId) -> ChatSession | None:
        """See `SessionRepository.find`."""
        return self._store.sessions.get(session_id)

    async def standings(self, session_ids: Collection[SessionId]) -> Mapping[SessionId, Standing]:
        """See `SessionRepository.standings`."""
        known = self._store.sessions.keys() & set(session_ids)
        return {session_id: self._store.standing(session_id) for session_id in known}

    async def close(self, session_id: SessionId, operation: Operation | None = None) -> bool:
        """See `SessionRepository.close`."""
        store = self._store
        if session_id not in store.sessions:
            raise SessionNotFound
        if store.is_repeated(operation):
            return False
        store.remember(operation)
        if session_id in store.closed:
            return False
        store.closed.add(session_id)
        store.note_session(session_id)
        return True

    async def overview(
        self,
        readers: Collection[ProfileId],
        intent: Intent | None,
        after: SessionPosition | None,
        limit: int,
        *,
        only: Collection[SessionId] | None = None,
        archived: bool | None = None,
    ) -> Sequence[SessionOverview]:
        """See `SessionRepository.overview`."""
        as_of = self._store.clock.now() if after is None else after.as_of
        found = [
            self._overview(session, reader, as_of)
            for session, reader in self._store.sides_of(readers)
            if intent in (None, session.intent) and (only is None or session.id in only)
        ]
        found = [overview for overview in found if archived is None or _is_archived(overview) == archived]
        found = [overview for overview in found if not self._is_kept_away(overview)]
        found.sort(key=_place, reverse=True)
        passed = None if after is None else (after.is_pinned, after.active_at, after.session_id)
        return [overview for overview in found if passed is None or _place(overview) < passed][:limit]

    def _is_kept_away(self, overview: SessionOverview) -> bool:
        """Whether the reader has blocked the other one, and has nothing to see."""
        return not overview.last_seq and (overview.reader, overview.session.id) in self._store.blocked_at

    def _active_at(self, session: ChatSession, reader: ProfileId, as_of: datetime) -> datetime:
        times = (message.sent_at for message in self._store.shown_to(session.id, reader))
        return max((time for time in times if time <= as_of), default=session.created_at)

    def _overview(self, session: ChatSession, reader: ProfileId, as_of: datetime) -> SessionOverview:
        messages = self._store.shown_to(session.id, reader)
        conversation = self._store.conversation(reader, session.id)
        delivered_to, seen_to = self._store.marks_of_peer(session, reader)
        return SessionOverview(
            session,
            reader,
            self._active_at(session, reader, as_of),
            messages[-1] if messages else None,
            messages[-1].seq if messages else 0,
            self._store.unread(session, reader),
            as_of,
            self._store.clock.now(),
            delivered_to,
            seen_to,
            conversation,
            conversation.pinned_at is not None and conversation.pinned_at <= as_of,
            self._store.hides.get((reader, session.id), Hidden.NOTHING),
            self._store.standing(session.id).is_closed,
        )


def _place(overview: SessionOverview) -> tuple[bool, datetime, SessionId]:
    return overview.is_first, overview.active_at, overview.session.id


def _is_archived(overview: SessionOverview) -> bool:
    return is_archived(overview.conversation, Activity(overview.last_seq, overview.active_at))
