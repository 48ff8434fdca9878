"""Opens the feed of each SUBSCRIBE: checks the right to it, and begins a replay (contract, section 7)."""

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

import msgspec

from adapters.stomp.feeds.events_feed import EventsFeed
from adapters.stomp.feeds.feed import LiveFeed
from adapters.stomp.feeds.ordered_feed import OrderedFeed
from adapters.stomp.feeds.own_topics import OwnTopics
from adapters.stomp.feeds.plain_feed import PlainFeed, Seqs
from adapters.stomp.feeds.presence_feed import PresenceFeed
from adapters.stomp.feeds.replay_line import ReplayLine
from adapters.stomp.feeds.topic_rights import TopicRights
from adapters.stomp.feeds.undelivered_feed import UndeliveredFeed
from adapters.stomp.hub import head_of
from adapters.stomp.names import ALL, RECEIPTS, REPLAY, RESUME_AFTER, UNDELIVERED, USER_PREFIX
from adapters.stomp.protocol.errors import ProtocolError
from adapters.stomp.protocol.events import Subscribe
from adapters.stomp.protocol.subscription import Subscription
from adapters.stomp.services import StompServices
from adapters.stomp.write_queue import WriteQueue
from application.access.participants import Reader
from application.commands import WatchCommand
from application.delivery.pages import Pages
from application.ports.push import Delivery
from application.use_cases.mark_delivered import NOTHING_ACKED
from application.wire.fields import MAX_SEQ
from application.wire.problem import problem_document
from domain.destination import (
    ACK_QUEUE,
    ALL_RECEIPTS_QUEUE,
    ERROR_QUEUE,
    EVENTS_QUEUE,
    MESSAGES_QUEUE,
    RECEIPTS_QUEUE,
    TOPICS_QUEUE,
    USER_QUEUES,
    parse_session_topic,
    user_destination,
)
from domain.errors import ChatError, FeatureOff, ForbiddenDestination, NotAParticipant, ResumeTooHigh
from domain.features import Feature
from domain.identifiers import SessionId
from domain.principal import Principal, Service

Rest = Callable[[], Coroutine[Any, Any, None]]
"""Begins the rest of the work. No coroutine, which would warn when the connection ends before it begins."""

MAX_WAITING_PROBLEMS = 16  # problems that wait for a subscription of the error queue


class SubscriptionFeeds:
    """The open feeds of one connection. `on_failure` gets an error that must end the connection."""

    def __init__(self, services: StompServices, queue: WriteQueue, on_failure: Callable[[Exception], None]) -> None:
        self._services = services
        self._queue = queue
        self._line = ReplayLine(queue, on_failure)
        self._open: dict[Subscription, tuple[tuple[str, ...], LiveFeed]] = {}
        self._waiting_problems: deque[Delivery] = deque(maxlen=MAX_WAITING_PROBLEMS)
        self._presence = PresenceFeed(services, self._tell_passing)
        self._own_topics = OwnTopics(services.hub)
        self._rights = TopicRights(services.participants, services.limits.recheck, on_failure)

    def open(self, principal: Principal, event: Subscribe) -> Rest | None:
        """Opens a feed. Returns the rest of the work when it has to wait for something.

        Both raise `RateLimited`, `FeatureOff`, `ForbiddenDestination`, `NotAParticipant`, `SessionNotFound`,
        `Unavailable`, `ProtocolError`.
        """
        self._services.subscribe_limit.take(principal)
        session_id = parse_session_topic(event.subscription.destination)
        if session_id is not None:
            return partial(self._open_topic, principal, event, session_id)
        queue = event.subscription.destination.removeprefix(USER_PREFIX)
        if event.subscription.destination == f"{USER_PREFIX}{EVENTS_QUEUE}":
            self._services.features.require(Feature.EVENTS)
            return self._open_events(principal, event)
        if queue not in USER_QUEUES or queue == event.subscription.destination:
            raise ForbiddenDestination
        destination = user_destination(principal.name, queue)
        if queue == MESSAGES_QUEUE:
            return self._open_messages(principal, event, destination)
        feed = self._plain(principal, event, queue) if queue == ACK_QUEUE else self._live(event)
        rest = self._add(feed, destination, *self._more(principal, event, queue))
        while queue == ERROR_QUEUE and self._waiting_problems:
            problem = self._waiting_problems.popleft()
            feed.deliver(problem, head_of(problem))
        return rest

    def refuse(self, principal: Principal, event: Subscribe, error: FeatureOff) -> None:
        """Tells the client an error. The subscription stays open, and gets nothing."""
        self._add(self._live(event))
        self._tell(principal, error)

    def close(self, subscription: Subscription) -> None:
        """Closes the feed of a subscription."""
        destinations, feed = self._open.pop(subscription)
        for destination in destinations:
            self._services.hub.remove(destination, feed)
            self._rights.remove(destination)
            if (session_id := parse_session_topic(destination)) is not None:
                self._own_topics.remove(feed, session_id)
        feed.stop()

    def check(self, principal: Principal, now: float) -> None:
        """Checks the rights to topics and to presence when this is due. `now` is monotonic, in seconds."""
        self._rights.check(principal, now)
        self._presence.check(principal, now)
        for feed in self._events_feeds():
            feed.check(now)

    def stop(self) -> None:
        """Closes all feeds."""
        self._rights.stop()
        self._presence.stop()
        self._line.stop()
        for subscription in tuple(self._open):
            self.close(subscription)

    async def _open_topic(self, principal: Principal, event: Subscribe, session_id: SessionId) -> None:
        subscription, replay = event.subscription, self._services.replay
        if RESUME_AFTER not in event.headers and subscription.ack_mode == "auto":
            await _done(self._open_plain_topic(principal, event, await self._authorize(principal, session_id)))
            return
        await replay.find_session(session_id)  # limits how many clients that come back together read at once
        reader = await self._authorize(principal, session_id)
        after = _resume_after(event)
        feed = OrderedFeed(subscription, self._queue, self._line, lambda seq: replay.session(reader, seq))
        # before the end is looked up: what is stored then comes live
        await _done(self._add_topic(principal, feed, session_id))
        end = await replay.last_seq(session_id)
        if after is not None and after > end:
            self._tell(principal, ResumeTooHigh(session_id, end))
        feed.start(end if after is None else min(after, end), end)

    def _open_messages(self, principal: Principal, event: Subscribe, destination: str) -> Rest | None:
        wanted = event.headers.get(REPLAY)
        if wanted not in (None, UNDELIVERED):
            raise ProtocolError(f"{REPLAY} knows `{UNDELIVERED}` only")
        if wanted is None and event.subscription.ack_mode == "auto":
            return self._add(self._plain(principal, event, MESSAGES_QUEUE), destination)
        feed = UndeliveredFeed(event.subscription, self._queue, self._line, lambda: self._undelivered(principal))
        rest = self._add(feed, destination)
        return rest if wanted is None else _then(rest, feed.replay)

    def _open_events(self, principal: Principal, event: Subscribe) -> Rest | None:
        """Subscribes also to messages, acks and receipts: the feed makes events of them, so none is published."""
        queues = (EVENTS_QUEUE, MESSAGES_QUEUE, ACK_QUEUE, RECEIPTS_QUEUE, ALL_RECEIPTS_QUEUE)
        feed = EventsFeed(
            event.subscription,
            self._queue,
            self._line,
            principal,
            self._services.sync_changes,
            self._services.clock,
            self._services.note_unread,
            event.headers.get(RESUME_AFTER),
        )
        return _then(self._add(feed, *(user_destination(principal.name, queue) for queue in queues)), feed.start)

    async def watch(self, principal: Principal, command: WatchCommand) -> None:
        """Tells the client who of the peers of these sessions is there. Raises what `WatchPresence` raises."""
        await self._presence.watch(principal, command)

    def _tell_passing(self, body: str) -> bool:
        passed_on = [feed.pass_on(body) for feed in self._events_feeds()]
        return any(passed_on)

    def tell_done(self, principal: Principal, body: str) -> None:
        """Sends an event to this connection only, if it subscribes to events."""
        done = Delivery(user_destination(principal.name, EVENTS_QUEUE), body)
        for feed in self._events_feeds():
            feed.deliver(done, head_of(done))

    def _events_feeds(self) -> list[EventsFeed]:
        return [feed for _, feed in self._open.values() if isinstance(feed, EventsFeed)]

    async def _undelivered(self, principal: Principal) -> Pages:
        await self._services.acks.submit(NOTHING_ACKED)
        return await self._services.replay.undelivered(principal)

    async def _authorize(self, principal: Principal, session_id: SessionId) -> Reader:
        if isinstance(principal, Service):
            raise NotAParticipant
        return await self._services.participants.for_reader(session_id, principal)

    def _plain(self, principal: Principal, event: Subscribe, queue: str) -> LiveFeed:
        if isinstance(principal, Service) or event.subscription.ack_mode != "auto":
            return self._live(event)

        def read_missed(session_id: SessionId, seqs: Seqs) -> Awaitable[Pages]:
            return self._services.replay.to_queue(principal, queue, session_id, seqs.first - 1, seqs.last)

        return PlainFeed(event.subscription, self._queue, self._line, read_missed)

    def _open_plain_topic(self, principal: Principal, event: Subscribe, reader: Reader) -> Rest | None:
        async def read_missed(session_id: SessionId, seqs: Seqs) -> Pages:
            return self._services.replay.part_of_session(reader, seqs.first - 1, seqs.last)

        feed = PlainFeed(event.subscription, self._queue, self._line, read_missed)
        return self._add_topic(principal, feed, reader.session.id)

    def _add_topic(self, principal: Principal, feed: LiveFeed, session_id: SessionId) -> Rest | None:
        """Adds the feed of a session's topic, also to what only this user is given there."""
        rest = self._add(feed, feed.subscription.destination)
        if Feature.BLOCK not in self._services.features:
            return rest
        wait = self._own_topics.add(feed, session_id, user_destination(principal.name, TOPICS_QUEUE))
        if wait is None:
            return rest
        return partial(_all, [wait]) if rest is None else partial(_after, rest, wait)

    def _live(self, event: Subscribe) -> LiveFeed:
        return LiveFeed(event.subscription, self._queue)

    def _more(self, principal: Principal, event: Subscribe, queue: str) -> tuple[str, ...]:
        """The further destinations that the SUBSCRIBE asks for."""
        wanted = event.headers.get(RECEIPTS) if queue == RECEIPTS_QUEUE else None
        if wanted not in (None, ALL):
            raise ProtocolError(f"{RECEIPTS} knows `{ALL}` only")
        return () if wanted is None else (user_destination(principal.name, ALL_RECEIPTS_QUEUE),)

    def _add(self, feed: LiveFeed, *destinations: str) -> Rest | None:
        """Adds a feed to the hub. None when it gets all deliveries at once, else what waits for that."""
        self._open[feed.subscription] = (destinations, feed)
        waits: list[Awaitable[None]] = []
        for destination in destinations:
            self._rights.add(destination)
            wait = self._services.hub.add(destination, feed)
            if wait is not None:
                waits.append(wait)
        return partial(_all, waits) if waits else None

    def _tell(self, principal: Principal, error: ChatError) -> None:
        """Sends an error on this connection's error queue, or when the client subscribes to it."""
        destination = user_destination(principal.name, ERROR_QUEUE)
        problem = Delivery(destination, msgspec.json.encode(problem_document(error)).decode())
        feeds = [feed for where, feed in self._open.values() if destination in where]
        for feed in feeds:
            feed.deliver(problem, head_of(problem))
        if not feeds:
            self._waiting_problems.append(problem)


def _resume_after(event: Subscribe) -> int | None:
    after = event.headers.get(RESUME_AFTER)
    if after is None:
        return None
    if not (after.isascii() and after.isdigit() and len(after) < 20 and int(after) <= MAX_SEQ):
        raise ProtocolError(f"{RESUME_AFTER} is not a seq")
    return int(after)


async def _all(waits: Sequence[Awaitable[None]]) -> None:
    for wait in waits:
        await wait


async def _after(rest: Rest, wait: Awaitable[None]) -> None:
    await rest()
    await wait


def _then(rest: Rest | None, read: Callable[[], None]) -> Rest | None:
    """Calls `read` after `rest`, so that what is stored while the store is read comes live."""
    if rest is not None:
        return partial(_read_after, rest, read)
    read()
    return None


async def _read_after(rest: Rest, read: Callable[[], None]) -> None:
    await rest()
    read()


async def _done(rest: Rest | None) -> None:
    if rest is not None:
        await rest()
