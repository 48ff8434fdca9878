"""The rows that the in-memory repositories share, in place of a database."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from application.ports.changes.message_changes import OPERATIONS_KEPT, Operation, Place
from application.ports.clock import Clock
from domain.conversation import UNTOUCHED, Activity, Conversation
from domain.identifiers import ClientMessageId, Email, Intent, MessageId, OutboxId, ProfileId, SessionId
from domain.message import Marks, Message
from domain.outbox import OutboxEntry
from domain.rules.unread import ReadMarks, is_unread
from domain.session import ChatSession, Pair
from domain.showing import EVERYTHING, Hidden, Receipts, Showing
from domain.standing import OPEN, Standing


@dataclass(slots=True)
class OutboxRow:
    """An outbox entry and its state.

    With `processed_at` the broker has it. Without `next_try_at` it is dead since `died_at`, for `reason`.
    """

    entry: OutboxEntry
    next_try_at: datetime | None
    processed_at: datetime | None = None
    died_at: datetime | None = None
    reason: str = ""


@dataclass(slots=True)
class InMemoryStore:
    """The tables of the in-memory adapters. `places` holds the session and index of each message."""

    clock: Clock
    sessions: dict[SessionId, ChatSession] = field(default_factory=dict)
    session_ids: dict[tuple[Pair, Intent], SessionId] = field(default_factory=dict)
    messages: dict[SessionId, list[Message]] = field(default_factory=dict)
    places: dict[MessageId, tuple[SessionId, int]] = field(default_factory=dict)
    by_client_id: dict[ClientMessageId, MessageId] = field(default_factory=dict)
    outbox: dict[OutboxId, OutboxRow] = field(default_factory=dict)
    operations: dict[tuple[ProfileId, UUID], tuple[bytes, datetime]] = field(default_factory=dict)
    changes: int = 0
    """The number of the last change in the store."""
    changed_messages: dict[MessageId, int] = field(default_factory=dict)
    changed_sessions: dict[SessionId, int] = field(default_factory=dict)
    conversations: dict[tuple[ProfileId, SessionId], Conversation] = field(default_factory=dict)
    changed_conversations: dict[tuple[ProfileId, SessionId], int] = field(default_factory=dict)

    receipts: dict[tuple[ProfileId, SessionId], Receipts] = field(default_factory=dict)
    """How far the messages to that side have got."""
    read_marks: dict[tuple[ProfileId, SessionId], ReadMarks] = field(default_factory=dict)
    hides: dict[tuple[ProfileId, SessionId], Hidden] = field(default_factory=dict)
    closed: set[SessionId] = field(default_factory=set)
    showing: dict[tuple[Email, Intent | None], Showing] = field(default_factory=dict)

    def message(self, message_id: MessageId) -> Message:
        """The message with this id. Raises KeyError when there is none."""
        session_id, index = self.places[message_id]
        return self.as_told(self.messages[session_id][index])

    def messages_of(self, session_id: SessionId) -> list[Message]:
        """The messages of a session, in order."""
        return [self.as_told(message) for message in self.messages.get(session_id, ())]

    def messages_at(self, places: Collection[Place]) -> dict[Place, Message]:
        """The messages at `places`. Leaves out places without one."""
        return {
            place: self.as_told(self.messages[place.session_id][place.seq - 1])
            for place in places
            if 0 < place.seq <= len(self.messages.get(place.session_id, ()))
        }

    def note_change(self, message: Message) -> None:
        """Gives the next change number to a stored or changed message, and to its session."""
        self.note_session(message.session_id)
        self.changed_messages[message.id] = self.changes

    def note_session(self, session_id: SessionId) -> None:
        """Gives the next change number to an opened or changed session."""
        self.changes += 1
        self.changed_sessions[session_id] = self.changes

    def standing(self, session_id: SessionId) -> Standing:
        """How the two of a session stand."""
        return Standing(is_closed=True) if session_id in self.closed else OPEN

    def hidden(self, session: ChatSession) -> Hidden:
        """What either of the two hides."""
        low, high = session.pair
        nothing = Hidden.NOTHING
        return self.hides.get((low, session.id), nothing) | self.hides.get((high, session.id), nothing)

    def hidden_by(self, email: Email, intent: Intent) -> Hidden:
        """What the settings of a user hide for an intent."""
        return self.showing.get((email, intent), self.showing.get((email, None), EVERYTHING)).hidden

    def as_told(self, message: Message) -> Message:
        """The message with the marks that its sender is shown."""
        session = self.sessions.get(message.session_id)
        if session is None or not session.has(message.sender_id):
            return message
        receipts = self.receipts.get((session.peer_of(message.sender_id), session.id), Receipts())
        seen = message.seen if receipts.seen_shown is None else message.seq <= receipts.seen_shown
        up_to = receipts.delivered_shown
        shown = Marks(seen or (message.delivered if up_to is None else message.seq <= up_to), seen)
        return message if shown == (message.delivered, message.seen) else message._replace(shown_marks=shown)

    def sides_of(self, readers: Collection[ProfileId]) -> Iterator[tuple[ChatSession, ProfileId]]:
        """The sessions of the readers, each with the side that it is seen from. Between two of them, the first side."""
        for session in self.sessions.values():
            reader = next((side for side in session.pair if side in readers), None)
            if reader is not None:
                yield session, reader

    def conversation(self, reader: ProfileId, session_id: SessionId) -> Conversation:
        """The state of the reader's side."""
        return self.conversations.get((reader, session_id), UNTOUCHED)

    def activity(self, session: ChatSession) -> Activity:
        """The last message of the session."""
        messages = self.messages.get(session.id)
        return Activity(len(messages), messages[-1].sent_at) if messages else Activity(0, session.created_at)

    def marks_of_peer(self, session: ChatSession, reader: ProfileId) -> tuple[int, int]:
        """How far the peer of `reader` has got and seen messages, as the reader is shown it: the last `seq`s."""
        sent = [message for message in self.messages_of(session.id) if message.sender_id == reader]
        marks = [(message.seq, message.shown_marks or Marks(message.delivered, message.seen)) for message in sent]
        delivered_to = max((seq for seq, mark in marks if mark.delivered), default=0)
        return delivered_to, max((seq for seq, mark in marks if mark.seen), default=0)

    def unread(self, session: ChatSession, reader: ProfileId) -> int:
        """How many messages the reader has not read."""
        marks = self.read_marks.get((reader, session.id), ReadMarks())
        return sum(is_unread(message, reader, marks) for message in self.messages.get(session.id, ()))

    def is_repeated(self, operation: Operation | None) -> bool:
        """Whether it was done before. Raises `IdempotencyConflict` when something else was."""
        if operation is None:
            return False
        done, done_at = self.operations.get((operation.actor, operation.id), (None, None))
        is_known = done_at is not None and done_at > self.clock.now() - OPERATIONS_KEPT
        return operation.repeats(done if is_known else None)

    def remember(self, operation: Operation | None) -> None:
        """Notes that the operation is done: call it once nothing can fail any more."""
        if operation is not None:
            self.operations[operation.actor, operation.id] = (operation.digest, self.clock.now())

    def replace(self, message: Message) -> None:
        """Puts `message` in the place of the stored message with the same id."""
        session_id, index = self.places[message.id]
        self.messages[session_id][index] = message
