"""What a client SUBSCRIBEs: who may, and whether the store has something to replay first (contract, section 7)."""

from collections.abc import Callable

from adapters.stomp.errors import ProtocolError
from adapters.stomp.events import Subscribe
from adapters.stomp.feed import LiveFeed, OrderedFeed, UndeliveredFeed
from adapters.stomp.names import REPLAY, RESUME_AFTER, UNDELIVERED, USER_PREFIX
from adapters.stomp.services import StompServices
from adapters.stomp.subscription import Subscription
from adapters.stomp.write_queue import WriteQueue
from application.fields import MAX_SEQ
from domain.destination import MESSAGES_QUEUE, USER_QUEUES, parse_session_topic, user_destination
from domain.errors import ForbiddenDestination, NotAParticipant
from domain.identifiers import SessionId
from domain.principal import Principal, Service


class Feeds:
    """The subscriptions of one connection, at the hub."""

    def __init__(self, services: StompServices, queue: WriteQueue, on_failure: Callable[[Exception], None]) -> None:
        self._services = services
        self._queue = queue
        self._on_failure = on_failure
        self._open: dict[Subscription, tuple[str, LiveFeed]] = {}

    async def open(self, principal: Principal, event: Subscribe) -> None:
        """Raises `ForbiddenDestination`, `NotAParticipant`, `SessionNotFound`, `Unavailable`, `ProtocolError`."""
        subscription = event.subscription
        session_id = parse_session_topic(subscription.destination)
        if session_id is not None:
            await self._authorize(principal, session_id)
            destination, feed = subscription.destination, self._topic(event, session_id)
        else:
            queue = subscription.destination.removeprefix(USER_PREFIX)
            if queue not in USER_QUEUES or queue == subscription.destination:
                raise ForbiddenDestination
            destination = user_destination(principal.name, queue)
            feed = self._messages(principal, event) if queue == MESSAGES_QUEUE else self._live(event)
        self._open[subscription] = (destination, feed)
        self._services.hub.add(destination, feed)

    def close(self, subscription: Subscription) -> None:
        destination, feed = self._open.pop(subscription)
        self._services.hub.remove(destination, feed)
        feed.stop()

    def stop(self) -> None:
        for subscription in tuple(self._open):
            self.close(subscription)

    async def _authorize(self, principal: Principal, session_id: SessionId) -> None:
        if isinstance(principal, Service):
            raise NotAParticipant
        await self._services.participants.for_reader(session_id, principal)

    def _live(self, event: Subscribe) -> LiveFeed:
        return LiveFeed(event.subscription, self._queue, self._on_failure)

    def _topic(self, event: Subscribe, session_id: SessionId) -> LiveFeed:
        after = event.headers.get(RESUME_AFTER)
        if after is None:
            return self._live(event)
        if not (after.isascii() and after.isdigit() and len(after) < 20 and int(after) <= MAX_SEQ):
            raise ProtocolError(f"{RESUME_AFTER} is not a seq")
        replay = self._services.replay
        return OrderedFeed(
            event.subscription,
            self._queue,
            int(after),
            lambda seq: replay.session(session_id, seq),
            self._on_failure,
        )

    def _messages(self, principal: Principal, event: Subscribe) -> LiveFeed:
        wanted = event.headers.get(REPLAY)
        if wanted is None:
            return self._live(event)
        if wanted != UNDELIVERED:
            raise ProtocolError(f"{REPLAY} knows `{UNDELIVERED}` only")
        replay = self._services.replay
        return UndeliveredFeed(event.subscription, self._queue, lambda: replay.undelivered(principal), self._on_failure)
