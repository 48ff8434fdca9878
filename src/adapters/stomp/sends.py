"""What a client SENDs: chat messages and seen marks. A refusal goes to `/user/queue/error`; the connection lives on."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import msgspec

from adapters.stomp.names import CHAT_SEEN, CHAT_SEND
from adapters.stomp.protocol.events import Send
from adapters.stomp.receipts import Pending, Receipts
from adapters.stomp.services import StompServices
from application.commands import MarkSeenCommand, SendMessageCommand
from application.delivery.message_intake import Accepted
from application.ports.push import Delivery, MessageKey
from application.wire.chat_message import ChatMessage
from application.wire.problem import problem_text
from application.wire.requests import SeenInSessionRequest, SendMessageRequest, client_message_id_of, decode_request
from domain.destination import ACK_QUEUE, ERROR_QUEUE, user_destination
from domain.errors import ChatError, ForbiddenDestination, StoreUnavailable, Unavailable
from domain.identifiers import SessionId
from domain.principal import Principal

SEND_BODY = msgspec.json.Decoder(SendMessageRequest)
SEEN_BODY = msgspec.json.Decoder(SeenInSessionRequest)


class Sends:
    """`receipts` gives a chat message its RECEIPT once it is durable, and a refused one none."""

    def __init__(self, services: StompServices, receipts: Receipts) -> None:
        self._services = services
        self._receipts = receipts
        self._holding: set[asyncio.Task[None]] = set()

    def take(self, principal: Principal, event: Send) -> Coroutine[Any, Any, None] | None:
        """Does what can be done at once, and gives the rest of it where somebody has to be asked.

        Raises `ForbiddenDestination`, which ends the connection; everything else is told on the error queue.
        """
        pending = self._receipts.expect(event.receipt)
        try:
            if event.destination == CHAT_SEND:
                self._services.send_message.check_load(principal)
                return self._chat(principal, event, pending)
            if event.destination != CHAT_SEEN:
                raise ForbiddenDestination
            request = decode_request(SEEN_BODY, event.body)
            command = request.command(SessionId(request.session_id))
        except ForbiddenDestination:
            raise
        except ChatError as error:
            self._refuse_frame(principal, event, pending, error)
            return None
        return self._mark(principal, event, pending, command)

    def refuse(self, principal: Principal, event: Send, error: ChatError) -> None:
        """Tells on the error queue why `event` was not done."""
        self.tell(principal, error, client_message_id_of(event.body))

    def tell(self, principal: Principal, error: ChatError, client_message_id: str | None = None) -> None:
        """Tells `error` on the error queue."""
        self._services.counters.refusals["stomp", error.code] += 1
        destination = user_destination(principal.name, ERROR_QUEUE)
        body = problem_text(error, client_message_id)
        self._services.hub.push([Delivery(destination, body, retry_after=error.retry_after)])

    def ack_repeat(self, principal: Principal, accepted: Accepted) -> None:
        """Acks a message that was stored before; the outbox acks what is stored for the first time."""
        if accepted.repeated:
            first = ChatMessage.from_json(accepted.body)
            self._push(principal, ACK_QUEUE, accepted.body, first.key())

    def _chat(self, principal: Principal, event: Send, pending: Pending) -> Coroutine[Any, Any, None] | None:
        command = decode_request(SEND_BODY, event.body).command()
        stored = self._services.send_message.submit_if_known(principal, command, "stomp")
        if stored is None:
            return self._ask_and_submit(principal, event, pending, command)
        self._settle_when_done(stored, principal, event, pending)
        return None

    async def _ask_and_submit(
        self, principal: Principal, event: Send, pending: Pending, command: SendMessageCommand
    ) -> None:
        try:
            stored = await self._services.send_message.submit(principal, command, "stomp")
        except ChatError as error:
            self._refuse_frame(principal, event, pending, error)
        else:
            self._settle_when_done(stored, principal, event, pending)

    async def _mark(self, principal: Principal, event: Send, pending: Pending, command: MarkSeenCommand) -> None:
        try:
            await self._services.mark_seen(principal, command)
        except ChatError as error:
            self._refuse_frame(principal, event, pending, error)
        else:
            self._receipts.grant(pending)

    def _settle_when_done(
        self, stored: "asyncio.Future[Accepted]", principal: Principal, event: Send, pending: Pending
    ) -> None:
        stored.add_done_callback(lambda done: self._settle(principal, event, pending, done))

    def _settle(self, principal: Principal, event: Send, pending: Pending, done: "asyncio.Future[Accepted]") -> None:
        if done.cancelled():
            return
        error = done.exception()
        if isinstance(error, StoreUnavailable):
            holding = asyncio.create_task(self._hold(principal, event, pending, error))
            self._holding.add(holding)
            holding.add_done_callback(self._holding.discard)
        elif isinstance(error, ChatError):
            self._refuse_frame(principal, event, pending, error)
        elif error is None:
            self._receipts.grant(pending)
            self.ack_repeat(principal, done.result())

    async def _hold(self, principal: Principal, event: Send, pending: Pending, error: StoreUnavailable) -> None:
        """The store is away: in the queue the message is durable too, and its ack comes when it is stored.

        Only what was checked gets here: whoever takes it out of the queue trusts the sender that the body names.
        """
        queue = self._services.send_queue
        if queue is None:
            self._refuse_frame(principal, event, pending, error)
            return
        try:
            await queue.submit(event.body)
        except Unavailable:
            self._refuse_frame(principal, event, pending, error)
        else:
            self._receipts.grant(pending)

    def _refuse_frame(self, principal: Principal, event: Send, pending: Pending, error: ChatError) -> None:
        self.refuse(principal, event, error)
        self._receipts.withhold(pending)

    def _push(self, principal: Principal, queue: str, body: str, message: MessageKey | None = None) -> None:
        self._services.hub.push([Delivery(user_destination(principal.name, queue), body, message)])
