"""Stores batches of messages on one connection, without the service: the floor for the store."""

import sys
from datetime import UTC, datetime, timedelta
from time import perf_counter
from uuid import uuid4

import uvloop

from adapters.postgres.connection.database import create_engine
from adapters.postgres.messages.repository import PostgresMessageRepository
from adapters.postgres.outbox.repository import PostgresOutbox
from adapters.postgres.profiles import PostgresProfileDirectory
from adapters.postgres.sessions.repository import PostgresSessionRepository
from adapters.system.ids import Uuid7Generator
from application.wire.chat_message import ChatMessage
from domain.destination import ACK_QUEUE, MESSAGES_QUEUE, session_topic, user_destination
from domain.identifiers import ClientMessageId, Email, Intent, MessageId, OutboxId, ProfileId, SessionId
from domain.message import Draft, Message
from domain.outbox import OutboxEntry
from domain.profile import Profile
from domain.session import ChatSession, Pair

CONTENT = "a message as people write them, neither very short nor long: see you at eight? " * 2
BATCH = 128
SESSIONS = 50

_ids = Uuid7Generator()


def envelope(draft: Draft, message: Message) -> list[OutboxEntry]:
    """The outbox entries of a message, as the service makes them."""
    payload = ChatMessage.of(message, draft.sender).to_json()
    destinations = (
        user_destination(draft.receiver.id, MESSAGES_QUEUE),
        user_destination(draft.sender.email, ACK_QUEUE),
        session_topic(draft.session_id),
    )
    return [OutboxEntry(OutboxId(_ids.new()), destination, payload, message.sent_at) for destination in destinations]


async def main(url: str, seconds: float, *, keep: bool) -> None:
    """Prints the messages stored a second. With `keep`, marks processed outbox rows instead of deleting them."""
    engine = create_engine(url, pool_size=2)
    sessions = await _sessions(PostgresSessionRepository(engine), PostgresProfileDirectory(engine))
    messages, outbox = PostgresMessageRepository(engine), PostgresOutbox(engine)
    start, stored = perf_counter(), 0
    while perf_counter() - start < seconds:
        drafts = [_draft(*sessions[number % SESSIONS]) for number in range(BATCH)]
        outcomes = await messages.append(drafts, timedelta(seconds=10), envelope)
        entries = [entry.id for outcome in outcomes for entry in outcome.entries]  # type: ignore[union-attr]
        await outbox.mark_processed(entries, keep=keep)
        stored += BATCH
    print(stored / (perf_counter() - start))
    await engine.dispose()


def _draft(session: ChatSession, sender: Profile, receiver: Profile) -> Draft:
    return Draft(MessageId(_ids.new()), session.id, ClientMessageId(uuid4()), sender, receiver, CONTENT)


async def _sessions(
    repository: PostgresSessionRepository, directory: PostgresProfileDirectory
) -> list[tuple[ChatSession, Profile, Profile]]:
    made = []
    for number in range(SESSIONS):
        first, second = (
            Profile(ProfileId(uuid4()), Email(f"floor{number}{name}@example.org"), Intent("bench"), name)
            for name in ("a", "b")
        )
        await directory.remember((first, second))
        session = ChatSession(SessionId(_ids.new()), Pair.of(first.id, second.id), Intent("bench"), datetime.now(UTC))
        made.append((await repository.get_or_create(session), first, second))
    return made


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], float(sys.argv[2]), keep="keep" in sys.argv[3:]))
