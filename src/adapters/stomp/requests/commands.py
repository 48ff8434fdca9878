"""Carries out commands: `/app/chat.edit` and the others of features (contract, sections 11 and 13 to 15).

A `done` event on the connection has the answer that REST would give. A refusal goes to the error queue.
"""

from typing import Final, NamedTuple, Protocol
from uuid import UUID

import msgspec
from msgspec import UNSET

from adapters.stomp.feeds.subscription_feeds import SubscriptionFeeds
from adapters.stomp.identity import Identity
from adapters.stomp.names import COMMANDS
from adapters.stomp.protocol.events import Send
from adapters.stomp.receipts import Pending, Receipts
from adapters.stomp.services import StompServices
from application.wire.chat_message import ChatMessage
from application.wire.events import DoneEvent, encode_event
from application.wire.problem import RefusedCommand
from application.wire.requests.blocks import BlockPerson
from application.wire.requests.bodies import client_operation_id_of, decode_request
from application.wire.requests.commands import DeleteInSession, EditInSession, ReactInSession
from application.wire.requests.conversations import CloseInSession, SettingsRequest, StateInSession, UnreadInSession
from application.wire.requests.passing import OwnPresence, TypingInSession, WatchSessions
from domain.errors import ChatError
from domain.features import switched_off
from domain.principal import Principal


class Answer(NamedTuple):
    """The answer that REST would give."""

    status: int
    body: ChatMessage | None = None


class _Tell(Protocol):
    def __call__(self, principal: Principal, error: ChatError, *, refused: RefusedCommand) -> None: ...


_EDIT: Final = msgspec.json.Decoder(EditInSession)
_DELETE: Final = msgspec.json.Decoder(DeleteInSession)
_REACT: Final = msgspec.json.Decoder(ReactInSession)
_TYPING: Final = msgspec.json.Decoder(TypingInSession)
_WATCH: Final = msgspec.json.Decoder(WatchSessions)
_PRESENCE: Final = msgspec.json.Decoder(OwnPresence)
_STATE: Final = msgspec.json.Decoder(StateInSession)
_UNREAD: Final = msgspec.json.Decoder(UnreadInSession)
_BLOCK: Final = msgspec.json.Decoder(BlockPerson)
_CLOSE: Final = msgspec.json.Decoder(CloseInSession)
_SETTINGS: Final = msgspec.json.Decoder(SettingsRequest)


class CommandHandler:
    """Carries out commands of a connection. `tell` sends refusals to the error queue."""

    def __init__(
        self,
        services: StompServices,
        receipts: Receipts,
        tell: _Tell,
        identity: Identity,
        feeds: SubscriptionFeeds,
    ) -> None:
        self._services = services
        self._receipts = receipts
        self._tell = tell
        self._identity = identity
        self._feeds = feeds

    async def take(self, principal: Principal, event: Send, pending: Pending, name: str) -> None:
        """Carries out the command `name`, then answers it. Its RECEIPT means that it is durable."""
        operation = client_operation_id_of(event.body)
        try:
            answer = await self._do(principal, event, name)
        except ChatError as error:
            self._tell(principal, error, refused=RefusedCommand(name, operation))
            self._receipts.withhold(pending)
            return
        if answer is None and operation is None:
            self._receipts.grant(pending)
            return
        answer = answer or Answer(204)
        done = DoneEvent(
            at=self._services.clock.now(),
            command=name,
            client_operation_id=UNSET if operation is None else UUID(operation),
            status=answer.status,
            body=UNSET if answer.body is None else answer.body,
        )
        self._feeds.tell_done(principal, encode_event(done))
        self._receipts.grant(pending)

    async def _do(self, principal: Principal, event: Send, name: str) -> Answer | None:
        """The answer to the command. None for what REST does not have: only one with an id is answered."""
        self._services.features.require(COMMANDS[name])
        change = self._services.change_message
        match name:
            case "edit":
                return Answer(200, await change.edit(principal, decode_request(_EDIT, event.body).command()))
            case "delete":
                await change.delete(principal, decode_request(_DELETE, event.body).command())
            case "react":
                await change.react(principal, decode_request(_REACT, event.body).command())
            case "typing":
                await self._services.presence.tell_typing(principal, decode_request(_TYPING, event.body).command())
                return None
            case "watch":
                await self._feeds.watch(principal, decode_request(_WATCH, event.body).command())
                return None
            case "presence":
                await self._appear(principal, decode_request(_PRESENCE, event.body))
                return None
            case "state":
                await self._services.change_conversation(principal, decode_request(_STATE, event.body).command())
            case "block":
                await self._services.block_people(principal, decode_request(_BLOCK, event.body).command())
            case "close":
                await self._services.close_session(principal, decode_request(_CLOSE, event.body).command())
            case "settings":
                await self._services.change_settings(principal, decode_request(_SETTINGS, event.body).command())
            case "unread":
                await self._services.count_unread.mark(principal, decode_request(_UNREAD, event.body).command())
            case _:
                raise switched_off(COMMANDS[name])
        return Answer(204)

    async def _appear(self, principal: Principal, asked: OwnPresence) -> None:
        state = asked.own_state()
        if asked.email is not None:
            principal.acting_for(asked.actor())
        self._services.command_limit.take(principal)
        self._identity.appear(state)
