"""Carries out a client's frames. Most are carried out in the same call, since nothing has to be waited for."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

from adapters.stomp.feeds.subscription_feeds import SubscriptionFeeds
from adapters.stomp.identity import Identity
from adapters.stomp.inbox import Rest
from adapters.stomp.names import AUTH_RENEW, CHAT_FEATURES
from adapters.stomp.protocol.events import (
    Ack,
    Commit,
    Connect,
    Disconnect,
    Event,
    Nack,
    Receipt,
    Send,
    Subscribe,
    Unsubscribe,
)
from adapters.stomp.protocol.session import StompSession
from adapters.stomp.receipts import Receipts
from adapters.stomp.requests.acks import AckHandler
from adapters.stomp.requests.commits import CommitHandler
from adapters.stomp.requests.sends import SendHandler
from adapters.stomp.services import StompServices
from adapters.stomp.transport import CloseReason
from adapters.stomp.waiting_room import Place
from adapters.stomp.write_queue import WriteQueue
from domain.errors import AckTooLate, FeatureOff


class RequestHandler:
    """Carries out the events of one connection.

    `close` ends the connection, `fail` ends it with ERROR. `place` is the client's place in the waiting room, which it
    leaves when its CONNECT is accepted.
    """

    __slots__ = (
        "_acks",
        "_close",
        "_commits",
        "_feeds",
        "_identity",
        "_place",
        "_queue",
        "_receipts",
        "_sends",
        "_services",
        "_session",
    )

    def __init__(
        self,
        services: StompServices,
        session: StompSession,
        identity: Identity,
        queue: WriteQueue,
        feeds: SubscriptionFeeds,
        receipts: Receipts,
        place: Place | None,
        close: Callable[[CloseReason], None],
        fail: Callable[[Exception, str | None], None],
    ) -> None:
        self._services = services
        self._session = session
        self._identity = identity
        self._queue = queue
        self._feeds = feeds
        self._receipts = receipts
        self._place = place
        self._close = close
        self._sends = SendHandler(services, receipts, identity, feeds)
        self._commits = CommitHandler(services, self._sends)
        self._acks = AckHandler(services, receipts, fail)

    def handle(self, event: Event) -> Rest | None:
        """Carries out an event. Returns a coroutine for the rest of the work when it has to wait for something.

        Both raise `ChatError` for a refusal that ends the connection.
        """
        match event:
            case Send():
                return self._send(event)
            case Connect():
                return self._connect(event)
            case Subscribe():
                return self._subscribe(event)
            case Unsubscribe():
                self._feeds.close(event.subscription)
            case Ack():
                self._ack(event)
                return None
            case Nack() | Receipt():
                pass
            case Commit():
                return self._commit(event)
            case Disconnect():
                return self._disconnect(event)
        self._receipts.answer(event.receipt)
        return None

    def _send(self, event: Send) -> Rest | None:
        if event.destination == AUTH_RENEW:
            return self._renew(event)
        return self._sends.take(self._identity.principal, event)

    async def _renew(self, event: Send) -> None:
        self._identity.become(await self._identity.renewal(event.headers))
        self._receipts.answer(event.receipt)

    async def _connect(self, event: Connect) -> None:
        await self._identity.connect(event)
        if self._place is not None:
            self._place.leave()
            self._place = None
        features = {CHAT_FEATURES: ",".join(self._services.features.names)}
        self._queue.put(self._session.accept(self._identity.principal.name, str(uuid4()), features))

    def _subscribe(self, event: Subscribe) -> Rest | None:
        try:
            rest = self._feeds.open(self._identity.principal, event)
        except FeatureOff as error:
            self._feeds.refuse(self._identity.principal, event, error)
            self._receipts.withhold(self._receipts.expect(event.receipt))
            return None
        if rest is not None:
            return self._answer_after(rest, event.receipt)
        self._receipts.answer(event.receipt)
        return None

    async def _answer_after(self, open_feed: Callable[[], Awaitable[None]], receipt: str | None) -> None:
        await open_feed()
        self._receipts.answer(receipt)

    def _ack(self, event: Ack) -> None:
        principal, pending = self._identity.principal, self._receipts.expect(event.receipt)
        if pending.receipt is not None and not event.is_known:
            self._sends.tell(principal, AckTooLate())
            self._receipts.withhold(pending)
            pending = self._receipts.expect(None)
        self._acks.take(principal, event.tags, pending)

    async def _commit(self, event: Commit) -> None:
        principal, pending = self._identity.principal, self._receipts.expect(event.receipt, event.held_receipts)
        if not event.acks_are_known:
            self._commits.refuse(principal, event.sends, AckTooLate())
            self._receipts.withhold(pending)
            return
        renewals = [
            await self._identity.renewal(send.headers) for send in event.sends if send.destination == AUTH_RENEW
        ]
        if not await self._commits.commit(principal, event.sends):
            self._receipts.withhold(pending)
            return
        for renewed in renewals:
            self._identity.become(renewed)
        self._acks.take(principal, self._session.settle(event.acks), pending)

    async def _disconnect(self, event: Disconnect) -> None:
        """Answers RECEIPT when all earlier frames are decided (STOMP 1.2, "DISCONNECT"), unless that takes too long."""
        try:
            async with asyncio.timeout(self._services.limits.disconnect_timeout):
                await self._receipts.wait_until_in_flight_below(1)
                written = event.receipt is None or await self._acks.written()
        except TimeoutError:
            written = False
        if written:
            self._receipts.answer(event.receipt)
        self._close(CloseReason.NORMAL if written else CloseReason.UNAVAILABLE)
