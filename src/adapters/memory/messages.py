"""Messages in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from adapters.memory.store import InMemoryStore, OutboxRow
from application.ports.messages import AppendOutcome, Envelope, Reached, Repeated, Sending, Stored
from domain.admission import Verdict, admit
from domain.errors import ChatError
from domain.identifiers import MessageId, ProfileId, SessionId
from domain.message import Draft, Message


class InMemoryMessageRepository:
    def __init__(self, store: InMemoryStore) -> None:
        self._store = store

    async def append(
        self,
        drafts: Sequence[Draft],
        claim: timedelta,
        envelope: Envelope,
        *,
        wait_for: SessionId | None = None,
    ) -> Sequence[AppendOutcome]:
        # nothing awaits in here, which is what makes it one transaction, and no session is ever locked
        store = self._store
        known = {
            client_id: store.message(store.by_client_id[client_id])
            for draft in drafts
            if (client_id := draft.client_message_id) in store.by_client_id
        }
        verdicts = admit(drafts, store.sessions, known)
        return [self._outcome(verdict, claim, envelope) for verdict in verdicts]

    def _outcome(self, verdict: Verdict, claim: timedelta, envelope: Envelope) -> AppendOutcome:
        if isinstance(verdict, ChatError):
            return verdict
        first_id = self._store.by_client_id.get(verdict.client_message_id)
        if first_id is not None:
            return Repeated(self._store.message(first_id))
        assert isinstance(verdict, Draft), "a message is known by its clientMessageId"
        return self._add(verdict, claim, envelope)

    def _add(self, draft: Draft, claim: timedelta, envelope: Envelope) -> Stored:
        store = self._store
        messages = store.messages.setdefault(draft.session_id, [])
        now = store.clock.now()
        message = draft.stored(len(messages) + 1, max(now, messages[-1].sent_at) if messages else now)
        entries = envelope(draft, message)
        store.places[message.id] = (message.session_id, len(messages))
        store.by_client_id[message.client_message_id] = message.id
        messages.append(message)
        store.outbox.update({entry.id: OutboxRow(entry, now + claim) for entry in entries})
        return Stored(message, entries)

    async def latest(self, session_id: SessionId, limit: int) -> Sequence[Message]:
        return self._of(session_id)[-limit:]

    async def before(self, session_id: SessionId, seq: int, limit: int) -> Sequence[Message]:
        return self._of(session_id)[: max(seq - 1, 0)][-limit:]

    async def after(self, session_id: SessionId, seq: int, limit: int, *, fresh: bool) -> Sequence[Message]:
        return self._of(session_id)[max(seq, 0) :][:limit]

    async def last_seq(self, session_id: SessionId) -> int:
        return len(self._of(session_id))

    async def unseen(self, session_id: SessionId, reader: ProfileId, limit: int, after: int = 0) -> Sequence[Message]:
        return [one for one in self._unseen(session_id, reader) if one.seq > after][:limit]

    async def mark_seen(self, session_id: SessionId, reader: ProfileId, up_to_seq: int) -> int | None:
        now_seen = [one for one in self._unseen(session_id, reader) if one.seq <= up_to_seq]
        for message in now_seen:
            self._store.replace(message._replace(seen=True, delivered=True))
        return min(up_to_seq, len(self._of(session_id))) if now_seen else None

    async def mark_delivered(self, message_ids: Collection[MessageId], *, durable: bool = False) -> Sequence[Reached]:
        reached: list[Reached] = []
        for message_id in message_ids:
            if message_id in self._store.places:
                message = self._store.message(message_id)
                if not message.delivered:
                    reached.append(Reached(Sending(message.session_id, message.sender_id), message.seq))
                self._store.replace(message._replace(delivered=True))
        return reached

    async def delivered_up_to(self, known: Mapping[Sending, int]) -> Mapping[Sending, int]:
        return {
            sending: self._delivered_up_to(sending) for sending in known if sending.session_id in self._store.sessions
        }

    def _delivered_up_to(self, sending: Sending) -> int:
        messages = self._of(sending.session_id)
        waiting = (one.seq for one in messages if one.sender_id == sending.sender_id and not one.delivered)
        return next(waiting, len(messages) + 1) - 1

    async def undelivered(
        self, receivers: Collection[ProfileId], after: tuple[SessionId, int] | None, limit: int
    ) -> Sequence[Message]:
        found: list[Message] = []
        for session in sorted(self._store.sessions.values(), key=lambda session: session.id):
            for message in self._of(session.id):
                is_mine = session.has(message.sender_id) and session.peer_of(message.sender_id) in receivers
                beyond = after is None or (message.session_id, message.seq) > after
                if is_mine and beyond and not message.delivered:
                    found.append(message)
        return found[:limit]

    def _unseen(self, session_id: SessionId, reader: ProfileId) -> list[Message]:
        return [one for one in self._of(session_id) if one.sender_id != reader and not one.seen]

    def _of(self, session_id: SessionId) -> list[Message]:
        return self._store.messages.get(session_id, [])
