"""The REST calls of the API (contract, section 5)."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody

from application.use_cases.count_unread import CountUnread
from application.use_cases.init_session import InitSession
from application.use_cases.list_sessions import MAX_SESSIONS, ListSessions, SessionPage
from application.use_cases.mark_seen import MarkSeen
from application.use_cases.places import Place
from application.use_cases.read_history import MAX_PAGE, ReadHistory
from application.use_cases.read_unread import MAX_UNREAD, ReadUnread
from application.use_cases.send_message import SendMessage
from application.wire.chat_message import ChatMessage
from application.wire.fields import SessionKey
from application.wire.requests.bodies import InitRequest, SeenRequest, SendMessageRequest
from application.wire.requests.conversations import UnreadRequest
from application.wire.requests.ids import parse_id, parse_place
from domain.features import Feature, Features
from domain.identifiers import SessionId, parse_email, parse_intent
from domain.principal import Principal
from entrypoints.rest.json_body import JsonBody
from entrypoints.rest.parameters import (
    ActorEmailQuery,
    AfterQuery,
    BeforeQuery,
    BoxQuery,
    CursorQuery,
    IntentQuery,
    OptionalIntentQuery,
    ReaderEmailQuery,
    SessionIdPath,
    page_size,
)
from entrypoints.rest.problems import problems

ApiRequest = Request[Principal, None, State]


class SessionOpened(msgspec.Struct, frozen=True, rename="camel"):
    """The session of the two."""

    session_id: SessionKey


class ChatController(Controller):
    """The calls under `/api/chat`."""

    path = "/api/chat"
    tags = ("chat",)
    security = ({"bearer": []},)

    @post(
        "/init",
        operation_id="initSession",
        summary="Open a session",
        response_description="The session",
        status_code=200,
        dto=JsonBody[InitRequest],
        return_dto=None,
        responses=problems(403, 404, 408, 413, 429),
    )
    async def init(
        self, request: ApiRequest, data: JSONBody[InitRequest], init_session: NamedDependency[InitSession]
    ) -> SessionOpened:
        """Opens the session of two people for an intent, or finds the one they have."""
        session = await init_session(
            request.user,
            parse_email(data.from_email, "fromEmail"),
            parse_email(data.to_email, "toEmail"),
            parse_intent(data.intent),
        )
        return SessionOpened(session.id)

    @post(
        "/message",
        operation_id="sendMessage",
        summary="Send a message",
        response_description="The message as it is stored",
        status_code=200,
        dto=JsonBody[SendMessageRequest],
        return_dto=None,
        responses=problems(403, 404, 408, 409, 413, 429),
    )
    async def message(
        self, request: ApiRequest, data: JSONBody[SendMessageRequest], send_message: NamedDependency[SendMessage]
    ) -> Response[ChatMessage]:
        """Sends a message; answered with it after it is durably stored. A repeat gets the first one again."""
        accepted = await send_message(request.user, data.command(), "http")
        stored: Any = accepted.body.encode()  # encoded once for all receivers
        return Response(stored, media_type="application/json")

    @get(
        "/sessions",
        operation_id="sessions",
        summary="List sessions",
        response_description="A page of sessions",
        responses=problems(403, 429),
    )
    async def sessions(
        self,
        request: ApiRequest,
        list_sessions: NamedDependency[ListSessions],
        features: NamedDependency[Features],
        email: ActorEmailQuery = None,
        intent: OptionalIntentQuery = None,
        box: BoxQuery = None,
        limit: Annotated[int, page_size(50, MAX_SESSIONS)] = 50,
        cursor: CursorQuery = None,
    ) -> SessionPage:
        """The sessions of a person: pinned ones, then the newest activity; `nextCursor` asks for those after them.

        With the cursors of one listing every session comes once, whatever is sent meanwhile.
        """
        wanted = None if intent is None else parse_intent(intent)
        whose = None if email is None else parse_email(email)
        if box is not None:
            features.require(Feature.SETTINGS, "box")
        archived = None if box is None else box == "archive"
        return await list_sessions(request.user, whose, wanted, limit=limit, cursor=cursor, archived=archived)

    @get(
        "/{sessionId:str}/history",
        operation_id="history",
        summary="Read messages",
        response_description="Messages, oldest first",
        responses=problems(403, 404, 429),
    )
    async def history(
        self,
        request: ApiRequest,
        session_id: SessionIdPath,
        read_history: NamedDependency[ReadHistory],
        limit: Annotated[int, page_size(50, MAX_PAGE)] = 50,
        before: BeforeQuery = None,
        after: AfterQuery = None,
    ) -> Sequence[ChatMessage]:
        """Messages of a session, oldest first: the last ones, or those next before or after one of them."""
        earlier, later = _place(before, "before"), _place(after, "after")
        return await read_history(request.user, _session(session_id), limit=limit, before=earlier, after=later)

    @get(
        "/{sessionId:str}/unread",
        operation_id="unread",
        summary="Read what is not seen",
        response_description="Messages, oldest first",
        responses=problems(403, 404, 429),
    )
    async def unread(
        self,
        request: ApiRequest,
        session_id: SessionIdPath,
        read_unread: NamedDependency[ReadUnread],
        reader_email: ReaderEmailQuery,
        intent: IntentQuery,
        limit: Annotated[int, page_size(MAX_UNREAD, MAX_UNREAD)] = MAX_UNREAD,
        after: AfterQuery = None,
    ) -> Sequence[ChatMessage]:
        """The first messages addressed to the reader and not seen, oldest first; changes nothing.

        At most 1 MiB of text; the rest is behind the last `seq` (`after`), or there once these are marked as seen.
        """
        reader, wanted = parse_email(reader_email, "readerEmail"), parse_intent(intent)
        place = _place(after, "after") or 0
        return await read_unread(request.user, _session(session_id), reader, wanted, limit=limit, after=place)

    @post(
        "/{sessionId:str}/unread",
        operation_id="markUnread",
        summary="Mark messages as unread",
        response_description="They are unread",
        status_code=204,
        dto=JsonBody[UnreadRequest],
        return_dto=None,
        responses=problems(403, 404, 408, 409, 413, 429),
    )
    async def mark_unread(
        self,
        request: ApiRequest,
        session_id: SessionIdPath,
        data: JSONBody[UnreadRequest],
        count_unread: NamedDependency[CountUnread],
        features: NamedDependency[Features],
    ) -> None:
        """Marks messages from a `seq` on as unread for the caller. What the peer is shown does not go back."""
        features.require(Feature.UNREAD)
        await count_unread.mark(request.user, data.of(session_id))

    @post(
        "/{sessionId:str}/seen",
        operation_id="seen",
        summary="Mark messages as seen",
        response_description="They are marked",
        status_code=204,
        dto=JsonBody[SeenRequest],
        return_dto=None,
        responses=problems(403, 404, 408, 413, 429),
    )
    async def seen(
        self,
        request: ApiRequest,
        session_id: SessionIdPath,
        data: JSONBody[SeenRequest],
        mark_seen: NamedDependency[MarkSeen],
    ) -> None:
        """Marks everything up to a `seq` as seen by the reader, and tells the sender."""
        await mark_seen(request.user, data.command(_session(session_id)))


def _place(raw: str | None, field: str) -> Place | None:
    return None if raw is None else parse_place(raw, field)


def _session(raw: str) -> SessionId:
    return SessionId(parse_id(raw, "sessionId"))
