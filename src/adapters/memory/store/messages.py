"""Messages in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from adapters.memory.store.contents import InMemoryStore, OutboxRow
from application.ports.changes.message_changes import Place
from application.ports.messages import (
    AppendOutcome,
    Envelope,
    Marks,
    MessageRef,
    Reached,
    Repeated,
    Seen,
    Sending,
    Stored,
)
from domain.errors import ChatError
from domain.identifiers import MessageId, ProfileId, SessionId
from domain.message import Draft, Message
from domain.rules import unread
from domain.rules.admission import Verdict, admit, unquotable
from domain.rules.receipts import seen
from domain.rules.repeats import UNKEYED, SentDigests
from domain.rules.standing import withheld
from domain.rules.unread import ReadMarks, is_unread
from domain.showing import Hidden, Receipts


class InMemoryMessageRepository:
    """Keeps messages in memory."""

    def __init__(self, store: InMemoryStore, digests: SentDigests = UNKEYED) -> None:
        self._store = store
        self._digests = digests

    async def append(
        self,
        drafts: Sequence[Draft],
        claim: timedelta,
        envelope: Envelope,
        *,
        wait_for: SessionId | None = None,
    ) -> Sequence[AppendOutcome]:
        """See `MessageRepository.append`."""
        # one transaction, since nothing here awaits; so no session is ever locked either
        store = self._store
        known = {
            client_id: store.message(store.by_client_id[client_id])
            for draft in drafts
            if (client_id := draft.client_message_id) in store.by_client_id
        }
        session_ids = {draft.session_id for draft in drafts} & store.sessions.keys()
        standings = {session_id: store.standing(session_id) for session_id in session_ids}
        verdicts = admit(drafts, standings, known, self._digests, unquotable=self._unquotable(drafts))
        return [self._outcome(verdict, claim, envelope) for verdict in verdicts]

    def _unquotable(self, drafts: Sequence[Draft]) -> set[MessageId]:
        places = {draft.id: Place(draft.session_id, draft.reply_to) for draft in drafts if draft.reply_to is not None}
        quoted = self._store.messages_at(places.values())
        return unquotable(drafts, lambda draft, seq: quoted.get(Place(draft.session_id, seq)))

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
        message = withheld(message, store.standing(draft.session_id), draft.receiver.id)
        entries = envelope(draft, message)
        store.places[message.id] = (message.session_id, len(messages))
        store.by_client_id[message.client_message_id] = message.id
        messages.append(message)
        store.note_change(message)
        store.outbox.update({entry.id: OutboxRow(entry, now + claim) for entry in entries})
        return Stored(message, entries)

    async def latest(self, session_id: SessionId, limit: int) -> Sequence[Message]:
        """See `MessageRepository.latest`."""
        return self._of(session_id)[-limit:]

    async def before(self, session_id: SessionId, seq: int, limit: int) -> Sequence[Message]:
        """See `MessageRepository.before`."""
        return self._of(session_id)[: max(seq - 1, 0)][-limit:]

    async def after(self, session_id: SessionId, seq: int, limit: int, *, fresh: bool) -> Sequence[Message]:
        """See `MessageRepository.after`."""
        return self._of(session_id)[max(seq, 0) :][:limit]

    async def seq_of(self, session_id: SessionId, message_id: MessageId) -> int | None:
        """See `MessageRepository.seq_of`."""
        place = self._store.places.get(message_id)
        return None if place is None or place[0] != session_id else place[1] + 1

    async def last_seq(self, session_id: SessionId) -> int:
        """See `MessageRepository.last_seq`."""
        return len(self._of(session_id))

    async def unseen(self, session_id: SessionId, reader: ProfileId, limit: int, after: int = 0) -> Sequence[Message]:
        """See `MessageRepository.unseen`."""
        marks = self._store.read_marks.get((reader, session_id), ReadMarks())
        found = (message for message in self._of(session_id) if is_unread(message, reader, marks))
        return [message for message in found if message.seq > after][:limit]

    async def mark_seen(self, session_id: SessionId, reader: ProfileId, up_to_seq: int) -> Seen:
        """See `MessageRepository.mark_seen`."""
        store, session = self._store, self._store.sessions.get(session_id)
        if session is None or not session.has(reader):
            return Seen()
        now_seen = [message for message in self._unseen(session_id, reader) if message.seq <= up_to_seq]
        up_to = min(up_to_seq, len(self._of(session_id)))
        before = store.receipts.get((reader, session_id), Receipts())
        after = seen(before, up_to, store.hidden(session))
        read = store.read_marks.get((reader, session_id), ReadMarks())
        store.read_marks[reader, session_id] = unread.seen(read, up_to)
        has_read = read.read_to < min(up_to, read.seen_to)
        store.receipts[reader, session_id] = after
        for message in now_seen:
            store.replace(message._replace(seen=True, delivered=True, shown_marks=None))
        is_shown = after.shown_as_seen > before.shown_as_seen and bool(now_seen or before.seen_shown is not None)
        if (now_seen or is_shown or has_read) and store.standing(session_id).blocks:
            store.changes += 1
            store.changed_conversations[reader, session_id] = store.changes
        elif now_seen or is_shown or has_read:
            store.note_session(session_id)
        return Seen(up_to if now_seen else None, after.shown_as_seen if is_shown else None, has_read=has_read)

    async def mark_delivered(self, refs: Collection[MessageRef]) -> Marks:
        """See `MessageRepository.mark_delivered`."""
        reached: list[Reached] = []
        for session_id, message_id in refs:
            if self._store.places.get(message_id, (None,))[0] == session_id:
                message = self._store.message(message_id)
                if not message.delivered:
                    reached.append(Reached(Sending(message.session_id, message.sender_id), message.seq))
                self._store.replace(message._replace(delivered=True, shown_marks=None))
        return Marks(reached, ())

    async def mark_delivered_durably(self, refs: Collection[MessageRef]) -> Marks:
        """See `MessageRepository.mark_delivered_durably`."""
        return await self.mark_delivered(refs)

    async def delivered_up_to(self, known: Mapping[Sending, int]) -> Mapping[Sending, int]:
        """See `MessageRepository.delivered_up_to`."""
        return {
            sending: self._delivered_up_to(sending)
            for sending in known
            if (session := self._store.sessions.get(sending.session_id)) is not None
            and Hidden.DELIVERED not in self._store.hidden(session)
        }

    def _delivered_up_to(self, sending: Sending) -> int:
        messages = self._of(sending.session_id)
        waiting = (
            message.seq
            for message in messages
            if message.sender_id == sending.sender_id and not message.delivered and not message.withheld
        )
        return next(waiting, len(messages) + 1) - 1

    async def undelivered(
        self, receivers: Collection[ProfileId], after: tuple[SessionId, int] | None, limit: int
    ) -> Sequence[Message]:
        """See `MessageRepository.undelivered`."""
        found: list[Message] = []
        for session in sorted(self._store.sessions.values(), key=lambda session: session.id):
            for message in self._of(session.id):
                is_mine = session.has(message.sender_id) and session.peer_of(message.sender_id) in receivers
                beyond = after is None or (message.session_id, message.seq) > after
                if is_mine and beyond and not message.delivered and not message.withheld:
                    found.append(message)
        return found[:limit]

    def _unseen(self, session_id: SessionId, reader: ProfileId) -> list[Message]:
        return [message for message in self._of(session_id) if message.sender_id != reader and not message.seen]

    def _of(self, session_id: SessionId) -> list[Message]:
        return self._store.messages_of(session_id)
