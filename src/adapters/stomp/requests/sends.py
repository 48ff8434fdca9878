"""Carries out SENDs: chat messages and seen marks. A refusal goes to `/user/queue/error` (contract, section 7)."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import msgspec

from adapters.stomp.feeds.subscription_feeds import SubscriptionFeeds
from adapters.stomp.identity import Identity
from adapters.stomp.names import CHAT_SEEN, CHAT_SEND, command_of
from adapters.stomp.protocol.events import Send
from adapters.stomp.receipts import Pending, Receipts
from adapters.stomp.requests.commands import CommandHandler
from adapters.stomp.services import StompServices
from application.commands import MarkSeenCommand, SendMessageCommand
from application.delivery.message_intake import Accepted
from application.ports.push import Delivery, MessageKey
from application.wire.chat_message import ChatMessage
from application.wire.problem import RefusedCommand, problem_text
from application.wire.requests.bodies import (
    SeenInSessionRequest,
    SendMessageRequest,
    client_message_id_of,
    decode_request,
)
from domain.destination import ACK_QUEUE, ERROR_QUEUE, user_destination
from domain.errors import ChatError, ForbiddenDestination, StoreUnavailable, Unavailable
from domain.principal import Principal

SEND_BODY = msgspec.json.Decoder(SendMessageRequest)
SEEN_BODY = msgspec.json.Decoder(SeenInSessionRequest)


class SendHandler:
    """Carries out the SENDs of one connection. `receipts` answers a SEND when it is durable, unless it was refused."""

    def __init__(
        self, services: StompServices, receipts: Receipts, identity: Identity, feeds: SubscriptionFeeds
    ) -> None:
        self._services = services
        self._receipts = receipts
        self._commands = CommandHandler(services, receipts, self.tell, identity, feeds)
        self._holding: set[asyncio.Task[None]] = set()

    def take(self, principal: Principal, event: Send) -> Coroutine[Any, Any, None] | None:
        """Carries out a SEND. Returns a coroutine for the rest of the work when it has to wait for a lookup.

        Raises `ForbiddenDestination`, which ends the connection. Other refusals go to the error queue.
        """
        pending = self._receipts.expect(event.receipt)
        try:
            if event.destination == CHAT_SEND:
                self._services.send_message.check_load(principal)
                return self._chat(principal, event, pending)
            if (name := command_of(event.destination)) is not None:
                return self._commands.take(principal, event, pending, name)
            if event.destination != CHAT_SEEN:
                raise ForbiddenDestination
            request = decode_request(SEEN_BODY, event.body)
            command = request.command_in_session()
        except ForbiddenDestination:
            raise
        except ChatError as error:
            self._refuse_frame(principal, event, pending, error)
            return None
        return self._mark(principal, event, pending, command)

    def refuse(self, principal: Principal, event: Send, error: ChatError) -> None:
        """Tells the client on the error queue why `event` was refused."""
        self.tell(principal, error, client_message_id_of(event.body))

    def tell(
        self,
        principal: Principal,
        error: ChatError,
        client_message_id: str | None = None,
        refused: RefusedCommand | None = None,
    ) -> None:
        """Tells the client an error on the error queue, with the id of its message or its command."""
        self._services.counters.refusals["stomp", error.code] += 1
        destination = user_destination(principal.name, ERROR_QUEUE)
        body = problem_text(error, client_message_id, refused)
        self._services.hub.push([Delivery(destination, body, retry_after=error.retry_after)])

    def ack_repeat(self, principal: Principal, accepted: Accepted) -> None:
        """Sends the ack of a message that was stored before. The outbox sends that of a new message."""
        if accepted.repeated:
            first = ChatMessage.from_json(accepted.body)
            self._push(principal, ACK_QUEUE, accepted.body, first.key())

    def _chat(self, principal: Principal, event: Send, pending: Pending) -> Coroutine[Any, Any, None] | None:
        command = decode_request(SEND_BODY, event.body).command()
        self._services.presence.tell_typing.end(command.session_id, command.sender_email)
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
        """Holds a message in the queue while the store is away. It is durable there, and acked when it is stored.

        The message must be checked before: its consumer trusts the sender that the body names.
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
