"""Carries out the SENDs of a transaction at COMMIT: all of them or none (STOMP 1.2, "BEGIN")."""

from collections.abc import Sequence

from adapters.stomp.names import AUTH_RENEW, CHAT_SEEN, CHAT_SEND
from adapters.stomp.protocol.events import Send
from adapters.stomp.requests.sends import SEEN_BODY, SEND_BODY, SendHandler
from adapters.stomp.services import StompServices
from application.commands import MarkSeenCommand, SendMessageCommand
from application.wire.requests.bodies import decode_request
from domain.errors import ChatError, ForbiddenDestination, TransactionAborted, Unavailable
from domain.principal import Principal


class CommitHandler:
    """Carries out transactions. `sends` tells the client why a SEND was refused."""

    def __init__(self, services: StompServices, sends: SendHandler) -> None:
        self._services = services
        self._sends = sends

    async def commit(self, principal: Principal, events: Sequence[Send]) -> bool:
        """Stores the chat messages, then the seen marks. False when the transaction was refused, and the client told.

        Never holds a message for later. Raises `ForbiddenDestination`, and `Unavailable` when a mark failed after
        messages were stored: then there is no correct answer.
        """
        if not await self._admit(principal, events):
            return False
        chats = [event for event in events if event.destination == CHAT_SEND]
        marks = [event for event in events if event.destination == CHAT_SEEN]
        return await self._store(principal, chats) and await self._mark(principal, marks, is_first=not chats)

    def refuse(self, principal: Principal, events: Sequence[Send], error: ChatError) -> None:
        """Tells the client `error`, and for each chat message that it was not stored."""
        self._sends.tell(principal, error)
        self._tell(principal, events, [None] * len(events))

    async def _admit(self, principal: Principal, events: Sequence[Send]) -> bool:
        """Checks all SENDs. False when one was refused, and the client told."""
        refusals = [await self._refusal(principal, event) for event in events]
        if any(refusals):
            self._tell(principal, events, refusals)
        return not any(refusals)

    async def _refusal(self, principal: Principal, event: Send) -> ChatError | None:
        try:
            if event.destination == CHAT_SEND:
                await self._services.send_message.check(principal, _chat(event))
            elif event.destination == CHAT_SEEN:
                await self._services.mark_seen.check(principal, _seen(event))
            elif event.destination != AUTH_RENEW:
                raise ForbiddenDestination
        except ForbiddenDestination:
            raise
        except ChatError as error:
            return error
        return None

    async def _store(self, principal: Principal, events: Sequence[Send]) -> bool:
        outcomes = await self._services.send_message.together(principal, [_chat(event) for event in events], "stomp")
        refusals = [outcome if isinstance(outcome, ChatError) else None for outcome in outcomes]
        if any(refusals):
            self._tell(principal, events, refusals)
            return False
        for outcome in outcomes:
            if not isinstance(outcome, ChatError):
                self._sends.ack_repeat(principal, outcome)
        return True

    async def _mark(self, principal: Principal, events: Sequence[Send], *, is_first: bool) -> bool:
        for event in events:
            try:
                await self._services.mark_seen(principal, _seen(event))
            except ChatError as error:
                if not is_first:
                    raise Unavailable("only a part of the transaction is known to be stored") from error
                self._sends.refuse(principal, event, error)
                return False
            is_first = False
        return True

    def _tell(self, principal: Principal, events: Sequence[Send], refusals: Sequence[ChatError | None]) -> None:
        for event, refusal in zip(events, refusals, strict=True):
            if refusal is not None or event.destination == CHAT_SEND:
                self._sends.refuse(principal, event, refusal or TransactionAborted())


def _chat(event: Send) -> SendMessageCommand:
    return decode_request(SEND_BODY, event.body).command()


def _seen(event: Send) -> MarkSeenCommand:
    return decode_request(SEEN_BODY, event.body).command_in_session()
