"""Pays what the outbox owes (contract, section 9).

The committing instance has the entries in hand and publishes them at once. A poll rescues what a dead instance or a
failed try left behind. An entry is processed when the broker has confirmed it, and not before: at-least-once.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec

from application.concurrency.background import BackgroundTask
from application.concurrency.write_behind import WriteBehind
from application.diagnostics.counters import Counters
from application.ports.broker import Broker
from application.ports.outbox import FailedTry, Outbox
from application.ports.profiles import ProfileDirectory
from application.ports.push import Delivery
from application.wire.chat_message import ChatMessage
from domain.destination import ACK_QUEUE, parse_session_topic, parse_user_destination, user_destination
from domain.email_address import canonical_email
from domain.errors import Unavailable
from domain.identifiers import OutboxId, ProfileId
from domain.outbox import OutboxEntry, RetryPolicy
from domain.profile import Profile

log = logging.getLogger(__name__)

PURGE_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class DispatchSettings:
    """Intervals in seconds where they are no `timedelta`; `max_publish` and `max_in_hand` count messages."""

    poll_interval: float = 1.0
    claim: timedelta = timedelta(seconds=60)
    eager_claim: timedelta = timedelta(seconds=10)
    claim_size: int = 500
    retention: timedelta = timedelta(hours=24)
    max_publish: int = 500
    max_in_hand: int = 20_000


class Owed(msgspec.Struct, frozen=True, gc=False):
    """Entries of one message, with the deliveries that pay them."""

    entry_ids: Sequence[OutboxId]
    deliveries: Sequence[Delivery]


class OutboxDispatcher:
    def __init__(
        self,
        outbox: Outbox,
        broker: Broker,
        directory: ProfileDirectory,
        counters: Counters,
        policy: RetryPolicy,
        settings: DispatchSettings,
    ) -> None:
        self._outbox = outbox
        self._broker = broker
        self._directory = directory
        self._counters = counters
        self._policy = policy
        self._settings = settings
        self._in_hand: list[Owed] = []
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._broker_away = False
        self._processed: WriteBehind[OutboxId] = WriteBehind("outbox marks", self._mark_processed)
        self._given_back: WriteBehind[OutboxId] = WriteBehind("outbox releases", self._release)
        self._tasks = [
            BackgroundTask("outbox publisher", self._publish_in_hand),
            BackgroundTask("outbox rescue", self._rescue),
            BackgroundTask("outbox purge", self._purge),
        ]

    def claim(self) -> timedelta:
        """How long entries made now are this instance's; due for everyone at once while the broker is away."""
        return timedelta() if self._broker_away else self._settings.eager_claim

    def dispatch(self, owed: Sequence[Owed]) -> None:
        """Takes what was just committed to publish it now. What cannot be held stays in the outbox for the poll.

        While the broker is away, connections of this instance are served, and the outbox keeps all for the others.
        """
        if self._broker_away:
            self._broker.push_here(_deliveries(owed))
            return
        room = self._settings.max_in_hand - len(self._in_hand)
        self._in_hand.extend(owed[:room])
        self._given_back.add(_entry_ids(owed[room:]))
        if self._in_hand:
            self._idle.clear()
            self._arrived.set()

    def start(self) -> None:
        self._processed.start()
        self._given_back.start()
        for task in self._tasks:
            task.start()

    async def stop(self) -> None:
        """Publishes and marks what is in hand while the broker is there, then stops."""
        await self._idle.wait()
        for task in self._tasks:
            await task.stop()
        await self._processed.stop()
        await self._given_back.stop()

    async def _publish_in_hand(self) -> None:
        while True:
            if not self._in_hand:
                self._idle.set()
                self._arrived.clear()
                await self._arrived.wait()
            batch = self._in_hand[: self._settings.max_publish]
            del self._in_hand[: len(batch)]
            await self._publish(batch)

    async def _publish(self, batch: Sequence[Owed]) -> bool:
        """False when the broker is away: the entries were given back, without counting it as their failure."""
        try:
            await self._broker.publish(_deliveries(batch))
        except Unavailable:
            self._pause(batch)
            return False
        self._processed.add(_entry_ids(batch))
        return True

    def _pause(self, batch: Sequence[Owed]) -> None:
        if not self._broker_away:
            log.warning("the broker is away: deliveries wait in the outbox")
        self._broker_away = True
        unpublished = [*batch, *self._in_hand]
        self._broker.push_here(_deliveries(unpublished))
        self._given_back.add(_entry_ids(unpublished))
        self._in_hand.clear()

    async def _rescue(self) -> None:
        while True:
            if self._broker_away:
                await self._broker.wait_ready()
                await self._given_back.flush()
            claimed = await self._rescue_once()
            if claimed < self._settings.claim_size:
                await asyncio.sleep(self._settings.poll_interval)

    async def _rescue_once(self) -> int:
        """Publishes one claim's worth; how many entries it claimed."""
        try:
            entries = await self._outbox.claim(self._settings.claim, self._settings.claim_size)
            owed = await self._resolve(sorted(entries, key=lambda entry: entry.id))
        except Unavailable:
            return 0
        if not await self._publish(owed):
            return 0
        if self._broker_away:
            log.info("the broker is back")
            self._broker_away = False
        return len(entries)

    async def _resolve(self, entries: Sequence[OutboxEntry]) -> Sequence[Owed]:
        """The deliveries that pay the entries; those of which none can be made have failed. Raises `Unavailable`."""
        people = await self._people(entries)
        owed: list[Owed] = []
        failed: list[FailedTry] = []
        for entry in entries:
            try:
                owed.append(Owed([entry.id], _live_deliveries(entry, people)))
            except msgspec.DecodeError:
                failed.append(self._failed(entry, "the payload is no ChatMessage"))
            except LookupError as error:
                failed.append(self._failed(entry, str(error)))
        if failed:
            await self._outbox.mark_failed(failed)
        return owed

    async def _people(self, entries: Sequence[OutboxEntry]) -> Mapping[ProfileId, Profile]:
        """Those whom the entries are for, as far as they are known, as they are known now."""
        ids = {profile_id for entry in entries if (profile_id := _addressee(entry)) is not None}
        return {profile.id: profile for profile in await self._directory.get(ids)} if ids else {}

    def _failed(self, entry: OutboxEntry, reason: str) -> FailedTry:
        failures = entry.retry_count + 1
        delay = self._policy.delay(failures)
        self._counters.outbox_failed += 1
        if delay is None:
            self._counters.outbox_dead += 1
            log.error("outbox entry %s is dead after %d tries: %s", entry.id, failures, reason)
        else:
            log.warning("outbox entry %s: try %d failed, the next is in %s: %s", entry.id, failures, delay, reason)
        return FailedTry(entry.id, failures, delay, reason)

    async def _mark_processed(self, entry_ids: Sequence[OutboxId]) -> None:
        await self._outbox.mark_processed(entry_ids, keep=bool(self._settings.retention))
        self._counters.outbox_processed += len(entry_ids)

    async def _release(self, entry_ids: Sequence[OutboxId]) -> None:
        await self._outbox.release(entry_ids)

    async def _purge(self) -> None:
        pause = min(60.0, max(1.0, self._settings.retention.total_seconds() / 2))
        while True:
            try:
                purged = await self._outbox.purge(self._settings.retention, PURGE_BATCH)
            except Unavailable:
                purged = 0
            await asyncio.sleep(pause if purged < PURGE_BATCH else 0.1)


def _deliveries(owed: Iterable[Owed]) -> list[Delivery]:
    return [delivery for each in owed for delivery in each.deliveries]


def _entry_ids(owed: Iterable[Owed]) -> list[OutboxId]:
    return [entry_id for each in owed for entry_id in each.entry_ids]


def _addressee(entry: OutboxEntry) -> ProfileId | None:
    """Whom an entry is for: the receiver of a message, or for its ack the sender; None for a topic and the unreadable.

    An ack is written for an e-mail. Whose that is may have changed since.
    """
    user = parse_user_destination(entry.destination)
    try:
        if user is None:
            return None
        if user.queue == ACK_QUEUE:
            return ProfileId(ChatMessage.from_json(entry.payload).sender_id)
        return ProfileId(UUID(user.name))
    except (msgspec.DecodeError, ValueError):
        return None


def _live_deliveries(entry: OutboxEntry, people: Mapping[ProfileId, Profile]) -> Sequence[Delivery]:
    """One at most: none for a person without a known e-mail.

    Raises `LookupError` with the reason when it is for nobody, `msgspec.DecodeError`.
    """
    message = ChatMessage.from_json(entry.payload)
    destination = _live_destination(entry, people)
    if destination is None:
        return ()
    return (Delivery(destination, message.to_json(), message.key(), message.sent_at.timestamp()),)


def _live_destination(entry: OutboxEntry, people: Mapping[ProfileId, Profile]) -> str | None:
    """As connections are known by it. Raises `LookupError` with the reason when there is no such destination."""
    user = parse_user_destination(entry.destination)
    if user is None:
        if parse_session_topic(entry.destination) is None:
            raise LookupError("there is no such destination")
        return entry.destination
    person = _addressee(entry)
    if person is None:
        return user_destination(canonical_email(user.name) or user.name, user.queue)
    if person not in people:
        raise LookupError(f"the {'sender' if user.queue == ACK_QUEUE else 'receiver'}'s profile is not known")
    email = people[person].email
    return user_destination(email, user.queue) if email else None
