"""The rows that the in-memory repositories share, in place of a database."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from application.ports.changes.message_changes import OPERATIONS_KEPT, Operation, Place
from application.ports.clock import Clock
from domain.blocks import Block, Scope
from domain.conversation import UNTOUCHED, Activity, Conversation
from domain.identifiers import ClientMessageId, Email, Intent, MessageId, OutboxId, ProfileId, SessionId
from domain.message import Marks, Message
from domain.outbox import OutboxEntry
from domain.rules.receipts import hide
from domain.rules.unread import ReadMarks, is_unread
from domain.rules.visibility import is_withheld
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
    blocks: dict[tuple[ProfileId, ProfileId], Block] = field(default_factory=dict)
    """By who blocks, and whom."""
    changed_blocks: dict[tuple[ProfileId, ProfileId], int] = field(default_factory=dict)
    blocked_at: dict[tuple[ProfileId, SessionId], datetime] = field(default_factory=dict)
    """Since when that side has blocked the other one."""
    emails: dict[ProfileId, Email] = field(default_factory=dict)
    """Addresses as they were given last."""
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
        pair = self.sessions[session_id].pair
        blocks = {side: self.blocked_at[side, session_id] for side in pair if (side, session_id) in self.blocked_at}
        return Standing(session_id in self.closed, blocks) if blocks or session_id in self.closed else OPEN

    def hidden(self, session: ChatSession) -> Hidden:
        """What either of the two hides. Where one has blocked the other, the receipts."""
        low, high = session.pair
        nothing = Hidden.NOTHING
        receipts = Hidden.SEEN | Hidden.DELIVERED if self.standing(session.id).blocks else nothing
        return self.hides.get((low, session.id), nothing) | self.hides.get((high, session.id), nothing) | receipts

    def freeze(self, session: ChatSession) -> None:
        """Stops to show what is delivered where it is hidden now, or shows it again."""
        for side in session.pair:
            receipts = self.receipts.get((side, session.id), Receipts())
            to_side = [message for message in self.messages.get(session.id, []) if message.sender_id != side]
            delivered_to = max((message.seq for message in to_side if message.delivered), default=0)
            receipts = receipts._replace(delivered_to=delivered_to)
            self.receipts[side, session.id] = hide(receipts, self.hidden(session))

    def shown_to(self, session_id: SessionId, reader: ProfileId) -> list[Message]:
        """The messages that are not withheld from the reader."""
        return [message for message in self.messages_of(session_id) if not is_withheld(message, reader)]

    def blocks_in(self, blocker: ProfileId, blocked: ProfileId) -> bool:
        """Whether somebody blocks another one in a session of these profiles."""
        return any(
            block.scope is not None
            and ((mine, theirs) == (blocker, blocked) or block.scope is Scope.ALL)
            and self._is_same(mine, blocker)
            and self._is_same(theirs, blocked)
            for (mine, theirs), block in self.blocks.items()
        )

    def _is_same(self, profile: ProfileId, other: ProfileId) -> bool:
        """Whether they are profiles of one person."""
        return profile == other or self.emails.get(profile, profile) == self.emails.get(other, other)

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

    def activity(self, session: ChatSession, reader: ProfileId) -> Activity:
        """The last message of the session that is not withheld from the reader."""
        messages = self.shown_to(session.id, reader)
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
