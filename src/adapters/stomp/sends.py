"""What a client SENDs: chat messages and seen marks. A refusal goes to `/user/queue/error`; the connection lives on."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from adapters.stomp.events import Send
from adapters.stomp.names import AUTH_RENEW, CHAT_SEEN, CHAT_SEND
from adapters.stomp.services import StompServices
from application.chat_message import ChatMessage
from application.message_intake import Accepted
from application.ports.push import Delivery, MessageKey
from application.problem import problem_document
from application.requests import SeenInSessionRequest, SendMessageRequest, decode_request, origin_of
from domain.destination import ACK_QUEUE, ERROR_QUEUE, user_destination
from domain.errors import ChatError, ForbiddenDestination, StoreUnavailable, Unavailable
from domain.identifiers import SessionId
from domain.principal import Principal

_SEND = msgspec.json.Decoder(SendMessageRequest)
_SEEN = msgspec.json.Decoder(SeenInSessionRequest)


class Sends:
    """`receipt` answers that header: for a chat message once it is durable, and never for a refused one."""

    def __init__(self, services: StompServices, receipt: Callable[[str | None], None]) -> None:
        self._services = services
        self._receipt = receipt
        self._in_flight = 0
        self._room = asyncio.Event()
        self._holding: set[asyncio.Task[None]] = set()

    async def take(self, principal: Principal, event: Send) -> None:
        """Raises `ForbiddenDestination`, which ends the connection; everything else is told on the error queue."""
        try:
            if event.destination == CHAT_SEND:
                await self._chat(principal, event)
            elif event.destination == CHAT_SEEN:
                request = decode_request(_SEEN, event.body)
                await self._services.mark_seen(principal, request.command(SessionId(request.session_id)))
                self._receipt(event.receipt)
            else:
                raise ForbiddenDestination
        except ForbiddenDestination:
            raise
        except ChatError as error:
            self._refuse(principal, event, error)

    async def admit(self, principal: Principal, events: Sequence[Send]) -> bool:
        """Whether all of them may be sent, as far as can be told before; what stands against one is told.

        Raises `ForbiddenDestination`.
        """
        admitted = True
        for event in events:
            try:
                await self._check(principal, event)
            except ForbiddenDestination:
                raise
            except ChatError as error:
                self._refuse(principal, event, error)
                admitted = False
        return admitted

    async def settled(self) -> None:
        """Returns when everything taken so far was answered."""
        while self._in_flight or self._holding:
            self._room.clear()
            await self._room.wait()

    async def _check(self, principal: Principal, event: Send) -> None:
        if event.destination == CHAT_SEND:
            await self._services.send_message.check(principal, decode_request(_SEND, event.body).command())
        elif event.destination == CHAT_SEEN:
            decode_request(_SEEN, event.body)
        elif event.destination != AUTH_RENEW:
            raise ForbiddenDestination

    async def _chat(self, principal: Principal, event: Send) -> None:
        while self._in_flight >= self._services.limits.max_in_flight:
            self._room.clear()
            await self._room.wait()
        command = decode_request(_SEND, event.body).command()
        stored = await self._services.send_message.submit(principal, command, "stomp")
        self._in_flight += 1
        stored.add_done_callback(lambda done: self._settle(principal, event, done))

    def _settle(self, principal: Principal, event: Send, done: "asyncio.Future[Accepted]") -> None:
        self._in_flight -= 1
        self._room.set()
        if done.cancelled():
            return
        error = done.exception()
        if isinstance(error, StoreUnavailable):
            holding = asyncio.create_task(self._hold(principal, event, error))
            self._holding.add(holding)
            holding.add_done_callback(self._held)
        elif isinstance(error, ChatError):
            self._refuse(principal, event, error)
        elif error is None:
            self._receipt(event.receipt)
            if done.result().repeated:  # the outbox acked it the first time
                first = ChatMessage.from_json(done.result().body)
                self._push(principal, ACK_QUEUE, done.result().body, first.key())

    def _held(self, holding: "asyncio.Task[None]") -> None:
        self._holding.discard(holding)
        self._room.set()

    async def _hold(self, principal: Principal, event: Send, error: StoreUnavailable) -> None:
        """The store is away: in the queue the message is durable too, and its ack comes when it is stored.

        Only what was checked gets here: whoever takes it out of the queue trusts the sender that the body names.
        """
        queue = self._services.send_queue
        if queue is None:
            self._refuse(principal, event, error)
            return
        try:
            await queue.submit(event.body)
        except Unavailable:
            self._refuse(principal, event, error)
        else:
            self._receipt(event.receipt)

    def _refuse(self, principal: Principal, event: Send, error: ChatError) -> None:
        problem = problem_document(error, origin_of(event.body).client_message_id)
        self._push(principal, ERROR_QUEUE, msgspec.json.encode(problem).decode())

    def _push(self, principal: Principal, queue: str, body: str, message: MessageKey | None = None) -> None:
        self._services.hub.push([Delivery(user_destination(principal.name, queue), body, message)])
