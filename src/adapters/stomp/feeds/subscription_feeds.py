"""What a client SUBSCRIBEs: who may, and whether the store has something to replay first (contract, section 7)."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

import msgspec

from adapters.stomp.feeds.feed import LiveFeed
from adapters.stomp.feeds.ordered_feed import OrderedFeed
from adapters.stomp.feeds.topic_rights import TopicRights
from adapters.stomp.feeds.undelivered_feed import UndeliveredFeed
from adapters.stomp.hub import head_of
from adapters.stomp.names import ALL, RECEIPTS, REPLAY, RESUME_AFTER, UNDELIVERED, USER_PREFIX
from adapters.stomp.protocol.errors import ProtocolError
from adapters.stomp.protocol.events import Subscribe
from adapters.stomp.protocol.subscription import Subscription
from adapters.stomp.services import StompServices
from adapters.stomp.write_queue import WriteQueue
from application.ports.push import Delivery
from application.wire.fields import MAX_SEQ
from application.wire.problem import problem_document
from domain.destination import (
    ALL_RECEIPTS_QUEUE,
    ERROR_QUEUE,
    MESSAGES_QUEUE,
    RECEIPTS_QUEUE,
    USER_QUEUES,
    parse_session_topic,
    user_destination,
)
from domain.errors import ChatError, ForbiddenDestination, NotAParticipant, ResumeTooHigh
from domain.identifiers import SessionId
from domain.principal import Principal, Service

MAX_UNTOLD = 16  # problems that wait for a subscription of the error queue


class Feeds:
    """The subscriptions of one connection, at the hub."""

    def __init__(self, services: StompServices, queue: WriteQueue, on_failure: Callable[[Exception], None]) -> None:
        self._services = services
        self._queue = queue
        self._on_failure = on_failure
        self._open: dict[Subscription, tuple[tuple[str, ...], LiveFeed]] = {}
        self._untold: deque[Delivery] = deque(maxlen=MAX_UNTOLD)
        self._rights = TopicRights(services.participants, services.limits.recheck, on_failure)

    def open(self, principal: Principal, event: Subscribe) -> Coroutine[Any, Any, None] | None:
        """Begins to give what the SUBSCRIBE asks for; where somebody has to be asked before, gives the rest of it.

        Both raise `RateLimited`, `ForbiddenDestination`, `NotAParticipant`, `SessionNotFound`, `Unavailable`,
        `ProtocolError`.
        """
        self._services.subscribe_limit.take(principal)
        session_id = parse_session_topic(event.subscription.destination)
        if session_id is not None:
            return self._open_topic(principal, event, session_id)
        queue = event.subscription.destination.removeprefix(USER_PREFIX)
        if queue not in USER_QUEUES or queue == event.subscription.destination:
            raise ForbiddenDestination
        destination = user_destination(principal.name, queue)
        if queue == MESSAGES_QUEUE:
            self._open_messages(principal, event, destination)
        else:
            feed = self._live(event)
            self._add(feed, destination, *self._more(principal, event, queue))
            while queue == ERROR_QUEUE and self._untold:
                untold = self._untold.popleft()
                feed.deliver(untold, head_of(untold))
        return None

    def close(self, subscription: Subscription) -> None:
        destinations, feed = self._open.pop(subscription)
        for destination in destinations:
            self._services.hub.remove(destination, feed)
            self._rights.remove(destination)
        feed.stop()

    def check(self, principal: Principal, now: float) -> None:
        """Called every now and then: a topic that is not the principal's any more fails. `now` in seconds."""
        self._rights.check(principal, now)

    def stop(self) -> None:
        self._rights.stop()
        for subscription in tuple(self._open):
            self.close(subscription)

    async def _open_topic(self, principal: Principal, event: Subscribe, session_id: SessionId) -> None:
        subscription, replay = event.subscription, self._services.replay
        if RESUME_AFTER not in event.headers and subscription.ack_mode == "auto":
            await self._authorize(principal, session_id)
            self._add(self._live(event), subscription.destination)
            return
        feed = OrderedFeed(subscription, self._queue, lambda seq: replay.session(session_id, seq), self._on_failure)
        async with replay.turns:
            await self._authorize(principal, session_id)
            after = _resume_after(event)
            self._add(feed, subscription.destination)  # before the end is looked up: what is stored then comes live
            end = await replay.last_seq(session_id)
        if after is not None and after > end:
            self._tell(principal, ResumeTooHigh(session_id, end))
        feed.start(end if after is None else min(after, end), end)

    def _open_messages(self, principal: Principal, event: Subscribe, destination: str) -> None:
        wanted = event.headers.get(REPLAY)
        if wanted not in (None, UNDELIVERED):
            raise ProtocolError(f"{REPLAY} knows `{UNDELIVERED}` only")
        if wanted is None and event.subscription.ack_mode == "auto":
            self._add(self._live(event), destination)
            return
        feed = UndeliveredFeed(event.subscription, self._queue, lambda: self._undelivered(principal), self._on_failure)
        self._add(feed, destination)
        if wanted is not None:
            feed.replay()

    async def _undelivered(self, principal: Principal) -> AsyncIterator[Sequence[Delivery]]:
        await self._services.acks.submit(())  # in its turn: the ACKs before it are in the store then
        async for page in self._services.replay.undelivered(principal):
            yield page

    async def _authorize(self, principal: Principal, session_id: SessionId) -> None:
        if isinstance(principal, Service):
            raise NotAParticipant
        await self._services.participants.for_reader(session_id, principal)

    def _live(self, event: Subscribe) -> LiveFeed:
        return LiveFeed(event.subscription, self._queue, self._on_failure)

    def _more(self, principal: Principal, event: Subscribe, queue: str) -> tuple[str, ...]:
        """Where else to listen for what the SUBSCRIBE asks for."""
        wanted = event.headers.get(RECEIPTS) if queue == RECEIPTS_QUEUE else None
        if wanted not in (None, ALL):
            raise ProtocolError(f"{RECEIPTS} knows `{ALL}` only")
        return () if wanted is None else (user_destination(principal.name, ALL_RECEIPTS_QUEUE),)

    def _add(self, feed: LiveFeed, *destinations: str) -> None:
        self._open[feed.subscription] = (destinations, feed)
        for destination in destinations:
            self._services.hub.add(destination, feed)
            self._rights.add(destination)

    def _tell(self, principal: Principal, error: ChatError) -> None:
        """On this connection's error queue: now, or once it is subscribed."""
        destination = user_destination(principal.name, ERROR_QUEUE)
        problem = Delivery(destination, msgspec.json.encode(problem_document(error)).decode())
        feeds = [feed for where, feed in self._open.values() if destination in where]
        for feed in feeds:
            feed.deliver(problem, head_of(problem))
        if not feeds:
            self._untold.append(problem)


def _resume_after(event: Subscribe) -> int | None:
    after = event.headers.get(RESUME_AFTER)
    if after is None:
        return None
    if not (after.isascii() and after.isdigit() and len(after) < 20 and int(after) <= MAX_SEQ):
        raise ProtocolError(f"{RESUME_AFTER} is not a seq")
    return int(after)
