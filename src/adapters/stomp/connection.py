"""One client: reads what it asks, does it, and ends in one of the ways of `CloseReason`."""

import asyncio
import contextlib
import logging
from time import monotonic
from uuid import uuid4

from adapters.stomp.acks import Acks
from adapters.stomp.commits import Commits
from adapters.stomp.feeds.subscription_feeds import Feeds
from adapters.stomp.names import AUTH_RENEW
from adapters.stomp.protocol.errors import FrameTooLarge, LimitExceeded, ProtocolError
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
from adapters.stomp.protocol.heartbeat import BEAT
from adapters.stomp.protocol.session import StompSession, authorization_of, passcode_authorization
from adapters.stomp.protocol.state import State
from adapters.stomp.receipts import Receipts
from adapters.stomp.sends import Sends
from adapters.stomp.services import StompServices
from adapters.stomp.transport import CloseReason, Transport
from adapters.stomp.waiting_room import Place
from adapters.stomp.write_queue import WriteQueue
from application.ports.push import Delivery
from application.wire.bearer import bearer_token
from domain.errors import AckTooLate, ChatError, TokenExpired, Unauthenticated, Unavailable
from domain.principal import Principal

log = logging.getLogger(__name__)

CLOSE_TIMEOUT = 5.0
STEPS_AT_ONCE = 32  # messages and frames of one client that are handled before others have their turn


class StompConnection:
    """`upgrade_authorization` is that header of the HTTP upgrade, for clients whose CONNECT has none.

    Without either the `passcode` of CONNECT is taken as the token. The client gets frames in the kind of WebSocket
    message, text or binary, in which its CONNECT came.

    `place` is the client's in the waiting room, which it leaves when its CONNECT is accepted.
    """

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
        beat = int(limits.heart_beat * 1000)
        self._transport = transport
        self._services = services
        self._upgrade_authorization = upgrade_authorization
        self._place = place
        if place is not None:
            place.on_evict(lambda: self.close(CloseReason.UNAVAILABLE))
        self._session = StompSession(
            server=services.server, subprotocol=subprotocol, heart_beat=(beat, beat), limits=limits.session
        )
        self._queue = WriteQueue(transport, self._written, limits.max_unsent, self._slow)
        self._last_received = monotonic()
        self._pause_at = STEPS_AT_ONCE
        self._principal: Principal | None = None
        late = Unauthenticated("no CONNECT in time")
        self._expiry = asyncio.get_running_loop().call_later(limits.connect_timeout, self._fail, late)
        self._end: asyncio.Future[CloseReason | None] = asyncio.get_running_loop().create_future()
        self._feeds = Feeds(services, self._queue, self._fail)
        self._receipts = Receipts(self._write_receipt)
        self._sends = Sends(services, self._receipts)
        self._commits = Commits(services, self._sends)
        self._acks = Acks(services, self._receipts, self._fail)

    async def run(self) -> None:
        """Serves the client until either side ends it; returns when the transport is closed."""
        self._services.connections.add(self)
        try:
            await self._close(await self._serve())
        finally:
            self._leave()

    async def _serve(self) -> CloseReason | None:
        """How it ended; None when the client has gone."""
        reader = asyncio.create_task(self._read(), name="stomp reader")
        try:
            return await self._end
        finally:
            self._expiry.cancel()
            self._feeds.stop()
            reader.cancel()
            await asyncio.wait([reader])

    def close(self, reason: CloseReason) -> None:
        """Asks the connection to end; what is queued still goes out, unless the client reads too slowly."""
        if not self._end.done():
            self._end.set_result(reason)

    def check(self, now: float) -> None:
        """Sends a beat that is due, and ends a connection that took too long for anything."""
        limits, beat = self._services.limits, self._session.heart_beat
        if self._session.state in (State.OPENED, State.AUTHENTICATING):
            return
        if self._queue.stalled_for(now) > limits.slow_consumer:
            self._slow()
        elif self._receipts.oldest_age(now) > limits.decide_within:
            self._fail(Unavailable("it could not be decided in time whether something is stored"))
        elif (lost_at := beat.lost_at(self._last_received)) is not None and now > lost_at:
            self.close(CloseReason.IDLE)
        elif self._beat_is_due(now):
            self._queue.put(BEAT)
        if self._principal is not None and not self._end.done():
            self._feeds.check(self._principal, now)

    def _beat_is_due(self, now: float) -> bool:
        due = self._session.heart_beat.send_due(self._queue.last_sent)
        return due is not None and now > due - self._services.connections.watch_interval and not self._queue.unsent

    def _leave(self) -> None:
        self._services.connections.remove(self)
        if self._principal is not None:
            self._services.connections.leave(self._principal.name)

    async def _close(self, reason: CloseReason | None) -> None:
        with contextlib.suppress(OSError, RuntimeError, TimeoutError):
            if reason is not None and reason is not CloseReason.SLOW_CONSUMER:
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await self._queue.drain()
        await self._queue.stop()
        if reason is not None:
            with contextlib.suppress(OSError, RuntimeError, TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await self._transport.close(reason.value)

    async def _read(self) -> None:
        try:
            while not self._end.done():
                data = await self._transport.receive()
                if data is None:
                    self._gone()
                    return
                self._last_received = monotonic()
                if self._session.state is State.OPENED:
                    self._queue.binary = isinstance(data, bytes)
                for event in self._session.feed(data):
                    await self._receipts.wait_below(self._services.limits.max_in_flight)
                    try:
                        await self._handle(event)
                    except ChatError as error:
                        self._fail(error, getattr(event, "receipt", None))
                    if self._session.steps >= self._pause_at:
                        await self._let_others_run()
                if self._session.steps >= self._pause_at:
                    await self._let_others_run()
        except ChatError as error:
            self._fail(error)
        except (OSError, RuntimeError):
            self._gone()
        except Exception:
            log.exception("a connection failed")
            self.close(CloseReason.FAILURE)

    async def _let_others_run(self) -> None:
        self._pause_at = self._session.steps + STEPS_AT_ONCE
        await asyncio.sleep(0)

    def _gone(self) -> None:
        if not self._end.done():
            self._end.set_result(None)

    async def _handle(self, event: Event) -> None:
        match event:
            case Send():
                await self._send(event)
                return
            case Connect():
                await self._connect(event)
                return
            case Subscribe():
                await self._feeds.open(self._who(), event)
            case Unsubscribe():
                self._feeds.close(event.subscription)
            case Ack():
                self._ack(event)
                return
            case Nack() | Receipt():
                pass
            case Commit():
                await self._commit(event)
                return
            case Disconnect():
                await self._disconnect(event)
                return
        self._receipts.answer(event.receipt)

    async def _connect(self, event: Connect) -> None:
        await self._services.connections.take_turn()
        shown = event.authorization or self._upgrade_authorization or passcode_authorization(event.headers)
        principal = await self._services.tokens.verify(bearer_token(shown))
        self._services.connections.enter(principal.name)
        self._authenticate(principal)
        if self._place is not None:
            self._place.leave()
        self._queue.put(self._session.accept(self._who().name, str(uuid4())))

    def _ack(self, event: Ack) -> None:
        pending = self._receipts.expect(event.receipt)
        if pending.receipt is not None and not event.is_known:
            self._sends.tell(self._who(), AckTooLate())
            self._receipts.withhold(pending)
            pending = self._receipts.expect(None)
        self._acks.take(self._who(), event.tags, pending)

    async def _commit(self, event: Commit) -> None:
        pending = self._receipts.expect(event.receipt, event.held_receipts)
        if not event.acks_are_known:
            self._commits.refuse(self._who(), event.sends, AckTooLate())
            self._receipts.withhold(pending)
            return
        renewals = [await self._renewal(one) for one in event.sends if one.destination == AUTH_RENEW]
        if not await self._commits.commit(self._who(), event.sends):
            self._receipts.withhold(pending)
            return
        for principal in renewals:
            self._authenticate(principal)
        self._acks.take(self._who(), self._session.settle(event.acks), pending)

    async def _disconnect(self, event: Disconnect) -> None:
        """RECEIPT when all that came before is decided (STOMP 1.2, "DISCONNECT"); none when that takes too long."""
        try:
            async with asyncio.timeout(self._services.limits.disconnect_timeout):
                await self._receipts.wait_below(1)
                written = event.receipt is None or await self._acks.written()
        except TimeoutError:
            written = False
        if written:
            self._receipts.answer(event.receipt)
        self.close(CloseReason.NORMAL if written else CloseReason.UNAVAILABLE)

    async def _send(self, event: Send) -> None:
        if event.destination == AUTH_RENEW:
            self._authenticate(await self._renewal(event))
            self._receipts.answer(event.receipt)
        else:
            await self._sends.take(self._who(), event)

    async def _renewal(self, event: Send) -> Principal:
        """Who the connection is from now on. Raises `Unauthenticated`."""
        principal = await self._services.tokens.verify(bearer_token(authorization_of(event.headers)))
        if principal.name != self._who().name:
            raise Unauthenticated("a connection can be renewed only with a token of the same user")
        return principal

    def _authenticate(self, principal: Principal) -> None:
        """The connection is this principal's until its token ends."""
        self._principal = principal
        self._expiry.cancel()
        left = max(0.0, (principal.expires_at - self._services.clock.now()).total_seconds())
        self._expiry = asyncio.get_running_loop().call_later(left, self._fail, TokenExpired())

    def _who(self) -> Principal:
        assert self._principal is not None, "the session lets nothing but CONNECT through before"
        return self._principal

    def _write_receipt(self, receipt: str) -> None:
        if not self._end.done():
            self._queue.put(self._session.receipt_frame(receipt))

    def _fail(self, error: Exception, receipt: str | None = None) -> None:
        """ERROR, for the frame with that `receipt`, then the end. Nothing is delivered after it."""
        if self._end.done():
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
        """In `auto` mode the socket taking it is the delivery (contract, section 7)."""
        self._services.on_written(delivery)
        key = delivery.message
        if key is not None and key.sender_email != self._who().name:
            self._services.delivered.add([key.id])

    def _slow(self) -> None:
        if self._end.done():
            return
        self._services.counters.slow_consumers_closed += 1
        self._feeds.stop()
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
