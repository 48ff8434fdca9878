"""The one way into the store: drafts of all routes, batched, stored with their outbox entries, handed on at once."""

import asyncio
from collections.abc import Sequence
from random import random

import msgspec

from application.concurrency.batcher import Batcher
from application.concurrency.busy_lane import BusyLane
from application.delivery.outbox_relay import OutboxDispatcher, Owed
from application.diagnostics.counters import Counters
from application.diagnostics.histogram import Histogram
from application.ports.clock import Clock
from application.ports.ids import IdGenerator
from application.ports.messages import MessageRepository, Repeated, Stored
from application.ports.push import Delivery, MessageKey
from application.wire.chat_message import ChatMessage
from domain.destination import ACK_QUEUE, MESSAGES_QUEUE, session_topic, user_destination
from domain.errors import ChatError, Overloaded
from domain.identifiers import Email, OutboxId, SessionId
from domain.message import Draft, Message
from domain.outbox import OutboxEntry

BATCH_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
LONGEST_RETRY = 5
"""Seconds over which those that are refused come back."""


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """A durably stored message: the JSON of its `ChatMessage`; `repeated` when it had been stored before."""

    body: str
    repeated: bool


class Sent(msgspec.Struct, frozen=True, gc=False):
    """A draft and the route it came by."""

    draft: Draft
    route: str


class MessageIntake:
    def __init__(
        self,
        messages: MessageRepository,
        dispatcher: OutboxDispatcher,
        ids: IdGenerator,
        clock: Clock,
        counters: Counters,
        *,
        max_batch: int,
        max_pending: int,
        at_once: int,
        patience: float,
        max_wait: float,
    ) -> None:
        """`at_once` batches are under way at most. Times are in seconds: a message waits `patience` for a session that
        somebody else has locked; what would wait longer than `max_wait` for its batch is refused.
        """
        self._messages = messages
        self._dispatcher = dispatcher
        self._ids = ids
        self._clock = clock
        self._counters = counters
        self._max_wait = max_wait
        self.batch_seconds = Histogram(BATCH_BOUNDS)
        busy: BusyLane[Sent, Accepted] = BusyLane(
            "messages of busy sessions",
            self._store,
            lambda sent: sent.draft.session_id,
            max_batch=max_batch,
            patience=patience,
        )
        self._batcher: Batcher[Sent, Accepted] = Batcher(
            "message intake",
            self._store,
            max_batch=max_batch,
            max_pending=max_pending,
            at_once=at_once,
            lane_of=lambda sent: sent.draft.session_id,
            owner_of=lambda sent: sent.draft.sender.email,
            busy=busy,
            on_batch=self.batch_seconds.add,
        )

    def check_load(self, sender: Email) -> None:
        """Raises `Overloaded` when what `sender` sends now would wait too long.

        Room that is left is for those with little that waits: whoever sends most is refused first.
        """
        if self._batcher.waiting_of(sender) >= self._batcher.room_within(self._max_wait):
            raise Overloaded(retry_after=1 + int(random() * LONGEST_RETRY))  # noqa: S311 - spread, not a secret

    def submit(self, draft: Draft, route: str, *, waits: bool = True) -> "asyncio.Future[Accepted]":
        """`route` is for the counters. The future fails with `IdempotencyConflict`, `SessionNotFound`, `Invalid` or
        `Unavailable`; with `SessionBusy` at once when it does not wait for a session that somebody else has locked.

        Raises `StoreUnavailable` at once when too much is waiting.
        """
        return self._batcher.submit(Sent(draft, route), waits=waits)

    def submit_transaction(self, drafts: Sequence[Draft], route: str) -> "Sequence[asyncio.Future[Accepted]]":
        """All of them are stored, or none: when one future fails, all do, the others with `TransactionAborted`.

        Raises `Unavailable` as `submit` does.
        """
        transaction = self._ids.new() if len(drafts) > 1 else None
        return self._batcher.submit_together([Sent(draft._replace(transaction=transaction), route) for draft in drafts])

    @property
    def pending(self) -> int:
        """Sends that wait for the store."""
        return self._batcher.pending

    def start(self) -> None:
        self._batcher.start()

    async def stop(self) -> None:
        """Stores what was submitted, then stops."""
        await self._batcher.stop()

    async def _store(self, sent: Sequence[Sent], wait_for: SessionId | None = None) -> Sequence[Accepted | ChatError]:
        drafts = [one.draft for one in sent]
        outcomes = await self._messages.append(drafts, self._dispatcher.claim(), self._envelope, wait_for=wait_for)
        committed_at = self._clock.now().timestamp()
        accepted: list[Accepted | ChatError] = []
        owed: list[Owed] = []
        for one, outcome in zip(sent, outcomes, strict=True):
            if isinstance(outcome, Stored):
                self._counters.messages[one.route] += 1
                owed.append(_owed(one.draft, outcome, committed_at))
                accepted.append(Accepted(outcome.entries[0].payload, repeated=False))
            elif isinstance(outcome, Repeated):
                self._counters.duplicates += 1
                accepted.append(Accepted(ChatMessage.of(outcome.message, one.draft.sender).to_json(), repeated=True))
            else:
                accepted.append(outcome)
        self._dispatcher.dispatch(owed)
        return accepted

    def _envelope(self, draft: Draft, message: Message) -> Sequence[OutboxEntry]:
        new, sent_at = self._ids.new, message.sent_at
        payload = ChatMessage.of(message, draft.sender).to_json()
        return (
            OutboxEntry(OutboxId(new()), user_destination(draft.receiver.id, MESSAGES_QUEUE), payload, sent_at),
            OutboxEntry(OutboxId(new()), user_destination(draft.sender.email, ACK_QUEUE), payload, sent_at),
            OutboxEntry(OutboxId(new()), session_topic(draft.session_id), payload, sent_at),
        )


def _owed(draft: Draft, stored: Stored, committed_at: float) -> Owed:
    """The deliveries of a message: connections know a receiver by its e-mail, which is what its token says.

    Without a known e-mail it is replayed to whoever shows up as that profile.
    """
    message = stored.message
    key = MessageKey(message.id, message.session_id, message.seq, draft.sender.email)
    to_receiver, *others = stored.entries
    deliveries: list[Delivery] = []
    if draft.receiver.email:
        live = user_destination(draft.receiver.email, MESSAGES_QUEUE)
        deliveries.append(Delivery(live, to_receiver.payload, key, committed_at))
    deliveries += [Delivery(entry.destination, entry.payload, key, committed_at) for entry in others]
    return Owed([entry.id for entry in stored.entries], deliveries)
