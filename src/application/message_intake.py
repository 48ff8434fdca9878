"""The one way into the store: drafts of all routes, batched, stored with their outbox entries, handed on at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from application.batcher import Batcher
from application.chat_message import ChatMessage
from application.outbox_dispatcher import OutboxDispatcher, Owed
from application.ports.clock import Clock
from application.ports.ids import IdGenerator
from application.ports.messages import AppendOutcome, MessageRepository, Repeated
from application.ports.push import Delivery, MessageKey
from domain.destination import ACK_QUEUE, MESSAGES_QUEUE, session_topic, user_destination
from domain.errors import ChatError
from domain.identifiers import OutboxId
from domain.message import Draft, Message
from domain.outbox import OutboxEntry


@dataclass(frozen=True, slots=True)
class Accepted:
    """A durably stored message: the JSON of its `ChatMessage`; `repeated` when it had been stored before."""

    body: str
    repeated: bool


class MessageIntake:
    def __init__(
        self,
        messages: MessageRepository,
        dispatcher: OutboxDispatcher,
        ids: IdGenerator,
        clock: Clock,
        *,
        max_batch: int,
        max_pending: int,
    ) -> None:
        self._messages = messages
        self._dispatcher = dispatcher
        self._ids = ids
        self._clock = clock
        self._batcher: Batcher[Draft, Accepted] = Batcher(
            "message intake", self._store, max_batch=max_batch, max_pending=max_pending
        )

    def submit(self, draft: Draft) -> "asyncio.Future[Accepted]":
        """The future fails with `IdempotencyConflict`, `SessionNotFound` or `Unavailable`.

        Raises `Unavailable` at once when too much is waiting.
        """
        return self._batcher.submit(draft)

    def start(self) -> None:
        self._batcher.start()

    async def stop(self) -> None:
        """Stores what was submitted, then stops."""
        await self._batcher.stop()

    async def _store(self, drafts: Sequence[Draft]) -> Sequence[Accepted | ChatError]:
        now = self._clock.now()
        outcomes = await self._messages.append(drafts, now, self._dispatcher.claimed_until(now), self._envelope)
        accepted: list[Accepted | ChatError] = []
        owed: list[Owed] = []
        for draft, outcome in zip(drafts, outcomes, strict=True):
            accepted.append(self._settle(draft, outcome, owed))
        self._dispatcher.dispatch(owed)
        return accepted

    def _settle(self, draft: Draft, outcome: AppendOutcome, owed: list[Owed]) -> Accepted | ChatError:
        if isinstance(outcome, ChatError):
            return outcome
        if isinstance(outcome, Repeated):
            return Accepted(ChatMessage.of(outcome.message, draft.sender).to_json(), repeated=True)
        message = outcome.message
        key = MessageKey(message.id, message.session_id, message.seq, draft.sender.email)
        committed_at = self._clock.now().timestamp()
        for entry, destination in zip(outcome.entries, _live_destinations(draft), strict=True):
            owed.append(Owed(entry, Delivery(destination, entry.payload, key, committed_at)))
        return Accepted(outcome.entries[0].payload, repeated=False)

    def _envelope(self, draft: Draft, message: Message) -> Sequence[OutboxEntry]:
        payload = ChatMessage.of(message, draft.sender).to_json()
        return [
            OutboxEntry(OutboxId(self._ids.new()), destination, payload, message.sent_at)
            for destination in _outbox_destinations(draft)
        ]


def _outbox_destinations(draft: Draft) -> tuple[str, str, str]:
    return (
        user_destination(draft.receiver.id, MESSAGES_QUEUE),
        user_destination(draft.sender.email, ACK_QUEUE),
        session_topic(draft.session_id),
    )


def _live_destinations(draft: Draft) -> tuple[str, str, str]:
    """The same as connections know them: a receiver is known by its e-mail, which is what its token says."""
    return (
        user_destination(draft.receiver.email, MESSAGES_QUEUE),
        user_destination(draft.sender.email, ACK_QUEUE),
        session_topic(draft.session_id),
    )
