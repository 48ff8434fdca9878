"""Invented people, sessions and drafts."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from adapters.system.ids import Uuid7Generator
from application.ports.messages import MessageRef
from domain.identifiers import ClientMessageId, Email, Intent, MessageId, OutboxId, ProfileId, SessionId
from domain.message import Draft, Message
from domain.outbox import OutboxEntry
from domain.profile import Profile
from domain.session import ChatSession, Pair

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
FRIENDS = Intent("friends")
CLAIM = timedelta(seconds=60)
DUE_AT_ONCE = timedelta()
ids = Uuid7Generator()


def person(name: str, intent: Intent = FRIENDS) -> Profile:
    return Profile(ProfileId(uuid4()), Email(f"{name}@example.org"), intent, name.title())


def session_of(one: Profile, other: Profile) -> ChatSession:
    return ChatSession(SessionId(ids.new()), Pair.of(one.id, other.id), one.intent, NOW)


def draft(
    session: ChatSession, sender: Profile, receiver: Profile, content: str = "hello", client_id: UUID | None = None
) -> Draft:
    return Draft(MessageId(ids.new()), session.id, ClientMessageId(client_id or uuid4()), sender, receiver, content)


def ref(message: Message) -> MessageRef:
    return MessageRef(message.session_id, message.id)


def transaction(*drafts: Draft) -> list[Draft]:
    """They are stored together or not at all."""
    name = uuid4()
    return [one._replace(transaction=name) for one in drafts]


def envelope(draft: Draft, message: Message) -> list[OutboxEntry]:
    payload = f'{{"seq": {message.seq}}}'
    destinations = ("topic", "messages", "ack")
    return [
        OutboxEntry(OutboxId(ids.new()), f"{name}:{draft.session_id}", payload, message.sent_at)
        for name in destinations
    ]
