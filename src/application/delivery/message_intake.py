"""Stores messages: collects the drafts of all routes into batches, and hands what is stored to the outbox relay."""

import asyncio
from collections.abc import Mapping, Sequence
from random import random
from typing import Final
from uuid import UUID

import msgspec

from application.concurrency.batcher import Batcher
from application.concurrency.busy_lane import BusyLane
from application.delivery.outbox.pending_deliveries import PendingDeliveries
from application.delivery.outbox.relay import OutboxRelay
from application.delivery.shown_messages import ShownMessages
from application.diagnostics.counters import Counters
from application.diagnostics.histogram import Histogram
from application.ports.clock import Clock
from application.ports.ids import IdGenerator
from application.ports.messages import MessageRepository, Repeated, Stored
from application.ports.push import Delivery, MessageKey
from application.wire.chat_message import ChatMessage
from domain.destination import ACK_QUEUE, MESSAGES_QUEUE, TOPICS_QUEUE, session_topic, user_destination
from domain.errors import ChatError, Overloaded, Unavailable
from domain.identifiers import Email, OutboxId, SessionId
from domain.message import Draft, Message
from domain.outbox import OutboxEntry
from domain.profile import Profile

BATCH_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
RETRY_SPREAD = 5
"""Seconds over which the retries of refused senders are spread."""

MAX_COMMIT_SECONDS: Final = 0.25
"""A commit that takes longer is taken to have been done by then, and its answer to have been late."""


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """A message that is durable.

    `body` is the JSON of its `ChatMessage`. `repeated` says that an earlier send has stored it.
    """

    body: str
    repeated: bool


class RoutedDraft(msgspec.Struct, frozen=True, gc=False):
    """A draft, and the route on which it came: `http`, `stomp` or `amqp`."""

    draft: Draft
    route: str


class MessageIntake:
    """Stores drafts, many in one transaction, and hands their deliveries to `relay`.

    A batch has up to `max_batch` messages, up to `at_once` batches are in progress, and up to `max_pending` messages
    wait for one. A message waits for `patience` seconds for a session that somebody else has locked. A message that
    would wait longer than `max_wait` seconds for its batch is refused.
    """

    def __init__(
        self,
        messages: MessageRepository,
        relay: OutboxRelay,
        ids: IdGenerator,
        clock: Clock,
        counters: Counters,
        shown: ShownMessages,
        *,
        max_batch: int,
        max_pending: int,
        at_once: int,
        patience: float,
        max_wait: float,
    ) -> None:
        self._messages = messages
        self._relay = relay
        self._ids = ids
        self._clock = clock
        self._counters = counters
        self._shown = shown
        self._max_wait = max_wait
        self.batch_seconds = Histogram(BATCH_BOUNDS)
        busy: BusyLane[RoutedDraft, Accepted] = BusyLane(
            "messages of busy sessions",
            self._store,
            lambda routed: routed.draft.session_id,
            max_batch=max_batch,
            patience=patience,
        )
        self._batcher: Batcher[RoutedDraft, Accepted] = Batcher(
            "message intake",
            self._store,
            max_batch=max_batch,
            max_pending=max_pending,
            at_once=at_once,
            lane_of=lambda routed: routed.draft.session_id,
            owner_of=lambda routed: routed.draft.sender.email,
            busy=busy,
            on_batch=self.batch_seconds.add,
        )

    def check_load(self, sender: Email) -> None:
        """Raises `Overloaded` when a message that `sender` sends now would wait too long.

        Refuses the senders with the most waiting messages first, and keeps the room that is left for the others.
        """
        if self._batcher.waiting_of(sender) >= self._batcher.room_within(self._max_wait):
            raise Overloaded(retry_after=1 + int(random() * RETRY_SPREAD))  # noqa: S311 - spread, not a secret

    def submit(self, draft: Draft, route: str, *, waits: bool = True) -> "asyncio.Future[Accepted]":
        """Stores `draft` in one of the next batches. The counters count it for `route`.

        The future fails with `IdempotencyConflict`, `SessionNotFound`, `SessionClosed`, `YouBlocked`, `Invalid` or
        `Unavailable`, and with `SessionBusy` at once when somebody else has locked the session, unless the draft
        `waits` for it. Raises `StoreUnavailable` when too many drafts wait.
        """
        return self._batcher.submit(RoutedDraft(draft, route), waits=waits)

    def submit_transaction(self, drafts: Sequence[Draft], route: str) -> "Sequence[asyncio.Future[Accepted]]":
        """Stores all drafts in one transaction, or none of them.

        When one draft is refused, its future fails as that of `submit` does, and the other futures fail with
        `TransactionAborted`. Raises `StoreUnavailable` when too many drafts wait.
        """
        transaction = self._ids.new() if len(drafts) > 1 else None
        return self._batcher.submit_together(
            [RoutedDraft(draft._replace(transaction=transaction), route) for draft in drafts]
        )

    @property
    def pending(self) -> int:
        """How many drafts wait for the store."""
        return self._batcher.pending

    def start(self) -> None:
        """Starts to store batches. Call it once."""
        self._batcher.start()

    async def stop(self) -> None:
        """Stores the drafts that were submitted, then stops. Refuses new ones."""
        await self._batcher.stop()

    async def _store(
        self, batch: Sequence[RoutedDraft], wait_for: SessionId | None = None
    ) -> Sequence[Accepted | ChatError]:
        drafts = [routed.draft for routed in batch]
        began_at = self._clock.now().timestamp()
        outcomes = await self._messages.append(drafts, self._relay.claim(), self._envelope, wait_for=wait_for)
        # others may have read the messages, and deleted them, long before a late answer of the store came here
        committed_at = min(self._clock.now().timestamp(), began_at + MAX_COMMIT_SECONDS)
        pending: list[PendingDeliveries] = []
        to_show: list[tuple[Message, Profile]] = []
        for routed, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Stored):
                self._counters.messages[routed.route] += 1
                pending.append(_pending_deliveries(routed.draft, outcome, committed_at))
                if outcome.message.reply_to is not None:
                    to_show.append((outcome.message, routed.draft.sender))
            elif isinstance(outcome, Repeated):
                self._counters.duplicates += 1
                to_show.append((outcome.message, routed.draft.sender))
        self._relay.publish_soon(pending)
        bodies = await self._shown_to_senders(to_show) if to_show else {}
        return [_result(outcome, bodies) for outcome in outcomes]

    async def _shown_to_senders(self, sent: Sequence[tuple[Message, Profile]]) -> Mapping[UUID, str]:
        """The JSON of messages as their senders see them now. Without what they answer while the store is away."""
        senders = {sender.id: sender for _, sender in sent}
        shown: Sequence[ChatMessage]
        try:
            shown = await self._shown.of([message for message, _ in sent], senders, senders.keys())
        except Unavailable:
            shown = [ChatMessage.of(message, sender) for message, sender in sent]
        return {message.message_id: message.to_json() for message in shown}

    def _envelope(self, draft: Draft, message: Message) -> Sequence[OutboxEntry]:
        """The outbox entries of a message: for the receiver, the sender's ack and the session's topic.

        Those of a withheld one are for its sender alone.
        """
        new, sent_at = self._ids.new, message.sent_at
        payload = ChatMessage.of(message, draft.sender).to_json()
        if message.withheld:
            return tuple(
                OutboxEntry(OutboxId(new()), user_destination(draft.sender.email, queue), payload, sent_at)
                for queue in (ACK_QUEUE, TOPICS_QUEUE)
            )
        return (
            OutboxEntry(OutboxId(new()), user_destination(draft.receiver.id, MESSAGES_QUEUE), payload, sent_at),
            OutboxEntry(OutboxId(new()), user_destination(draft.sender.email, ACK_QUEUE), payload, sent_at),
            OutboxEntry(OutboxId(new()), session_topic(draft.session_id), payload, sent_at),
        )


def _result(outcome: Stored | Repeated | ChatError, bodies: Mapping[UUID, str]) -> Accepted | ChatError:
    """What a sender is answered. `bodies` has repeated messages and replies as their senders see them."""
    if isinstance(outcome, Repeated):
        return Accepted(bodies[outcome.message.id], repeated=True)
    if isinstance(outcome, Stored):
        return Accepted(bodies.get(outcome.message.id, outcome.entries[0].payload), repeated=False)
    return outcome


def _pending_deliveries(draft: Draft, stored: Stored, committed_at: float) -> PendingDeliveries:
    """The deliveries of a stored message.

    Connections know the receiver by the e-mail in its token. A receiver whose e-mail is not known gets no delivery
    now: a replay brings the message.
    """
    message = stored.message
    key = MessageKey(message.id, message.session_id, message.seq, draft.sender.email)
    deliveries: list[Delivery] = []
    others = stored.entries
    if not message.withheld:
        to_receiver, *others = stored.entries
        if draft.receiver.email:
            destination = user_destination(draft.receiver.email, MESSAGES_QUEUE)
            deliveries.append(Delivery(destination, to_receiver.payload, key, committed_at))
    deliveries += [Delivery(entry.destination, entry.payload, key, committed_at) for entry in others]
    return PendingDeliveries([entry.id for entry in stored.entries], deliveries)
