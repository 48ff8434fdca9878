"""The rows that the in-memory repositories share, as they share a database elsewhere."""

from dataclasses import dataclass, field
from datetime import datetime

from application.ports.clock import Clock
from domain.identifiers import ClientMessageId, Intent, MessageId, OutboxId, SessionId
from domain.message import Message
from domain.outbox import OutboxEntry
from domain.session import ChatSession, Pair


@dataclass(slots=True)
class OutboxRow:
    """`next_try_at` None: the entry is dead since `died_at`. `processed_at` set: the broker has it."""

    entry: OutboxEntry
    next_try_at: datetime | None
    processed_at: datetime | None = None
    died_at: datetime | None = None
    reason: str = ""


@dataclass(slots=True)
class InMemoryStore:
    clock: Clock
    sessions: dict[SessionId, ChatSession] = field(default_factory=dict)
    session_ids: dict[tuple[Pair, Intent], SessionId] = field(default_factory=dict)
    messages: dict[SessionId, list[Message]] = field(default_factory=dict)
    places: dict[MessageId, tuple[SessionId, int]] = field(default_factory=dict)
    by_client_id: dict[ClientMessageId, MessageId] = field(default_factory=dict)
    outbox: dict[OutboxId, OutboxRow] = field(default_factory=dict)

    def message(self, message_id: MessageId) -> Message:
        session_id, index = self.places[message_id]
        return self.messages[session_id][index]

    def replace(self, message: Message) -> None:
        session_id, index = self.places[message.id]
        self.messages[session_id][index] = message
