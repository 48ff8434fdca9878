"""A connection: it carries out what a client asks, sends it deliveries, and ends by a `CloseReason`."""

import asyncio
import logging
from collections.abc import Iterator
from time import monotonic
from typing import Final

from adapters.stomp.feeds.subscription_feeds import SubscriptionFeeds
from adapters.stomp.identity import Identity
from adapters.stomp.inbox import Inbox
from adapters.stomp.protocol.errors import FrameTooLarge, LimitExceeded, ProtocolError
from adapters.stomp.protocol.events import Event
from adapters.stomp.protocol.negotiation.heartbeat import BEAT
from adapters.stomp.protocol.session import StompSession
from adapters.stomp.protocol.state import State
from adapters.stomp.receipts import Receipts
from adapters.stomp.requests.handler import RequestHandler
from adapters.stomp.services import StompServices
from adapters.stomp.transport import CloseReason, Transport
from adapters.stomp.waiting_room import Place
from adapters.stomp.write_queue import WriteQueue
from application.ports.push import Delivery
from domain.errors import ChatError, TokenExpired, Unavailable

log = logging.getLogger(__name__)

CLOSE_TIMEOUT: Final = 5.0
"""Seconds that a client has to take the queued frames before the end."""


class StompConnection:
    """The receiver of `transport`. It serves a client until `lost`.

    The client gets frames in the kind of WebSocket message, text or binary, in which its CONNECT came. `subprotocol` is
    the agreed WebSocket subprotocol, `upgrade_authorization` the header `Authorization` of the upgrade. `place` is the
    client's place in the waiting room, which it leaves when its CONNECT is accepted.
    """

    __slots__ = (
        "_closing",
        "_feeds",
        "_identity",
        "_inbox",
        "_last_received",
        "_patience",
        "_queue",
        "_receipts",
        "_services",
        "_session",
        "_transport",
    )

    def __init__(
        self,
        transport: Transport,
        services: StompServices,
        *,
        subprotocol: str | None = None,
        upgrade_authorization: str | None = None,
        place: Place | None = None,
    ) -> None:
        limits = services.limits
        self._transport = transport
        self._services = services
        self._session = session = StompSession(
            server=services.server, subprotocol=subprotocol, heartbeat=limits.heartbeat, limits=limits.session
        )
        self._queue = queue = WriteQueue(
            transport,
            self._written,
            limits.max_unsent,
            self._slow,
            lambda: self.close(CloseReason.RESUME),
            present=services.present,
        )
        self._receipts = receipts = Receipts(self._write_receipt)
        self._identity = Identity(services, upgrade_authorization, self._fail)
        self._feeds = SubscriptionFeeds(services, queue, self._fail)
        requests = RequestHandler(
            services, session, self._identity, queue, self._feeds, receipts, place, self.close, self._fail
        )
        self._inbox = Inbox(
            session,
            self._feed,
            transport,
            services.turns,
            queue,
            receipts,
            limits.max_in_flight,
            requests.handle,
            self._fail,
        )
        self._last_received = monotonic()
        self._closing: CloseReason | None = None
        self._patience: asyncio.TimerHandle | None = None
        if place is not None:
            place.on_evict(lambda: self.close(CloseReason.UNAVAILABLE))
        services.connections.add(self)

    def received(self, data: str | bytes) -> None:
        """See `Receiver.received`."""
        self._last_received = monotonic()
        self._inbox.put(data)

    def oversized(self) -> None:
        """See `Receiver.oversized`."""
        self._fail(FrameTooLarge("a message is too long"))

    def writable(self) -> None:
        """See `Receiver.writable`."""
        self._queue.writable()

    def lost(self) -> None:
        """See `Receiver.lost`."""
        self._closing = self._closing or CloseReason.NORMAL
        self._stop()
        self._queue.stop()
        self._services.connections.remove(self)
        self._identity.leave()

    def close(self, reason: CloseReason) -> None:
        """Ends the connection after the queued frames, or at once when the client reads too slowly. Idempotent.

        While the client reads the queued frames, its ACKs still count, unless the end is its own fault.
        """
        if self._closing is not None:
            return
        self._closing = reason
        self._stop(may_ack=reason in (CloseReason.SHUTDOWN, CloseReason.RESUME))
        if reason is CloseReason.SLOW_CONSUMER or not self._queue.unsent:
            self._hang_up()
        else:
            self._patience = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, self._hang_up)
            self._queue.when_empty(self._hang_up)

    def check(self, now: float) -> None:
        """Sends a heart-beat that is due, and ends the connection after a timeout. `now` is monotonic, in seconds."""
        limits, beat = self._services.limits, self._session.heart_beat
        if self._session.state in (State.OPENED, State.AUTHENTICATING) or self._closing is not None:
            return
        if self._queue.stalled_for(now) > limits.slow_consumer or self._queue.has_overflown(now):
            self._slow()
        elif self._receipts.oldest_age(now) > limits.decide_within:
            self._fail(Unavailable("it could not be decided in time whether something is stored"))
        elif (lost_at := beat.lost_at(self._last_received)) is not None and now > lost_at:
            self.close(CloseReason.IDLE)
        else:
            if self._beat_is_due(now):
                self._queue.put(BEAT)
            self._feeds.check(self._identity.principal, now)

    def _feed(self, data: str | bytes) -> Iterator[Event]:
        if self._session.state is State.OPENED:
            self._queue.binary = isinstance(data, bytes)
        return self._session.feed(data)

    def _beat_is_due(self, now: float) -> bool:
        due = self._session.heart_beat.send_due(self._queue.last_sent)
        return due is not None and now > due - self._services.connections.watch_interval and not self._queue.unsent

    def _stop(self, *, may_ack: bool = False) -> None:
        """Stops to carry out the client's frames, or all but ACKs, and to deliver to it."""
        self._identity.stop()
        if may_ack:
            self._inbox.only_acks()
        else:
            self._inbox.stop()
        self._feeds.stop()
        if self._patience is not None:
            self._patience.cancel()

    def _hang_up(self) -> None:
        assert self._closing is not None, "close was called"
        if self._patience is not None:
            self._patience.cancel()
        self._queue.stop()
        self._transport.close(self._closing.value)

    def _write_receipt(self, receipt: str) -> None:
        if self._closing is None:
            self._queue.put(self._session.receipt_frame(receipt))

    def _fail(self, error: Exception, receipt: str | None = None) -> None:
        """Sends ERROR for the frame with this `receipt`, then ends the connection. Delivers nothing after it."""
        if self._closing is not None:
            return
        self._feeds.stop()
        if isinstance(error, TokenExpired):
            self._queue.drop_messages()
        if isinstance(error, ChatError):
            self._services.counters.refusals["stomp", error.code] += 1
            self._queue.put(self._session.fail(error, receipt))
            self.close(_close_reason(error))
        else:
            log.error("a connection failed", exc_info=error)
            self.close(CloseReason.FAILURE)

    def _written(self, delivery: Delivery) -> None:
        """Marks a message as delivered, in `auto` mode, when its frame is written (contract, section 7)."""
        self._services.on_written(delivery)
        key = delivery.message
        if key is not None and key.sender_email != self._identity.principal.name:
            self._services.delivered.add([key.ref])

    def _slow(self) -> None:
        if self._closing is None:
            self._services.counters.slow_consumers_closed += 1
            self.close(CloseReason.SLOW_CONSUMER)


def _close_reason(error: ChatError) -> CloseReason:
    reasons: tuple[tuple[type[ChatError], CloseReason], ...] = (
        (FrameTooLarge, CloseReason.TOO_LARGE),
        (LimitExceeded, CloseReason.POLICY),
        (ProtocolError, CloseReason.PROTOCOL_ERROR),
        (TokenExpired, CloseReason.TOKEN_EXPIRED),
        (Unavailable, CloseReason.UNAVAILABLE),
    )
    return next((reason for kind, reason in reasons if isinstance(error, kind)), CloseReason.POLICY)
