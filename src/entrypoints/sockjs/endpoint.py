"""A SockJS endpoint: everything below its prefix."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from adapters.sockjs.protocol.framing import BrokenFraming, PayloadExpected, TooManyMessages
from adapters.sockjs.protocol.limits import SockJsLimits
from adapters.stomp.transport import Receiver, Transport
from application.ports.clock import Clock
from application.ports.tokens import TokenVerifier
from entrypoints.asgi.admission import Admission, Refused
from entrypoints.asgi.sockets import Application, Client, Upgrade, accept
from entrypoints.asgi.types import Receive, Scope, Send
from entrypoints.sockjs import pages
from entrypoints.sockjs.downstream import RECEIVERS, BadCallback, check_callback
from entrypoints.sockjs.downstream_request import DownstreamRequest
from entrypoints.sockjs.headers import cors, never_cached, preflight, sticky_cookie
from entrypoints.sockjs.live_sessions import LiveSessions, NoSuchSession
from entrypoints.sockjs.request import TEXT, BodyTooLarge, ClientGone, Request
from entrypoints.sockjs.upstream import SENDERS, messages_of
from entrypoints.sockjs.websocket import SockJsSocket

_IFRAME: Final = re.compile(r"/iframe[0-9\-.a-z_]*\.html")
_SESSION: Final = re.compile(r"/[^/.]+/([^/.]+)/([a-z_]+)")

Answer = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SockJsSettings:
    """The settings of an endpoint. `client_url` is where the iframe page finds the client library."""

    limits: SockJsLimits
    cookie_needed: bool
    client_url: str
    websocket: bool = True


def session_of(rest: str) -> tuple[str, str] | None:
    """The session and transport in `/{server}/{session}/{transport}`. The server is only for load balancers."""
    match = _SESSION.fullmatch(rest)
    return (match[1], match[2]) if match else None


class SockJsEndpoint:
    """Serves the requests and WebSockets below one prefix."""

    def __init__(
        self,
        application: Application,
        tokens: TokenVerifier,
        admission: Admission,
        settings: SockJsSettings,
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._application = application
        self._admission = admission
        self._sessions = LiveSessions(application, tokens, admission, settings.limits)
        self._iframe = pages.IframePage(settings.client_url, clock)

    def admit(self, rest: str, scope: Scope) -> Upgrade:
        """Admits a WebSocket at the path `rest` below the prefix. Frames are those of SockJS, except at `/websocket`.

        Raises `Refused`.
        """
        found = session_of(rest)
        framed = found is not None and found[1] == "websocket"
        if not self._settings.websocket or not (framed or rest == "/websocket"):
            raise Refused(404)
        place = self._admission.admit(scope)
        return accept(scope, place, self._framed if framed else self._application)

    def _framed(self, transport: Transport, client: Client) -> Receiver:
        socket = SockJsSocket(transport, self._settings.limits)
        socket.open()
        socket.serve(self._application(socket, client))
        return socket

    async def http(self, rest: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request for the path `rest` below the prefix."""
        request = Request(scope, receive, send)
        try:
            self._admission.check_origin(scope)
        except Refused as refused:
            refused.log()
            await request.answer(refused.status)
            return
        if rest in ("", "/"):
            await self._by_method(request, "GET", lambda: pages.greeting(request))
        elif rest == "/info":
            await self._by_method(request, "GET", lambda: self._info(request))
        elif _IFRAME.fullmatch(rest):
            await self._by_method(request, "GET", lambda: self._iframe.answer(request))
        elif (found := session_of(rest)) is not None:
            await self._session(request, *found)
        else:
            await request.answer(404)

    async def _session(self, request: Request, session_id: str, transport: str) -> None:
        if transport in RECEIVERS:
            receive = RECEIVERS[transport].method, lambda: self._receive(request, session_id, transport)
            await self._by_method(request, *receive)
        elif transport in SENDERS:
            await self._by_method(request, "POST", lambda: self._send(request, session_id, transport))
        elif transport == "websocket" and self._settings.websocket:
            await self._by_method(request, "GET", lambda: request.answer(400, "Not a valid websocket request", TEXT))
        else:
            await request.answer(404)

    async def _by_method(self, request: Request, method: str, answer: Answer) -> None:
        if request.method == method:
            await answer()
        elif request.method == "OPTIONS":
            request.answer_headers |= preflight(f"OPTIONS, {method}", self._clock.now()) | cors(request)
            await request.answer(204)
        else:
            request.answer_headers |= {"allow": f"OPTIONS, {method}"}
            await request.answer(405)

    async def _info(self, request: Request) -> None:
        settings = self._settings
        await pages.info(request, websocket=settings.websocket, cookie_needed=settings.cookie_needed)

    async def _receive(self, request: Request, session_id: str, transport: str) -> None:
        self._add_headers(request)
        receiver = RECEIVERS[transport]
        callback = (request.query("c") or request.query("callback")) if receiver.with_callback else ""
        try:
            if receiver.with_callback:
                check_callback(callback)
            session = await self._sessions.get_or_open(session_id, request)
            await DownstreamRequest(request, receiver, callback, self._settings.limits).run(session)
        except BadCallback as error:
            await request.answer(500, str(error), TEXT)
        except NoSuchSession:
            await request.answer(404)
        except Refused as refused:
            refused.log()
            request.answer_headers |= refused.headers
            await request.answer(refused.status)
        except TimeoutError:
            pass  # the client does not read, so it gets no answer

    async def _send(self, request: Request, session_id: str, transport: str) -> None:
        self._add_headers(request)
        limits = self._settings.limits
        try:
            live = await self._sessions.get(session_id, request)
            async with asyncio.timeout(limits.slow_consumer), live.sending:
                await live.session.wait_room()
                body = await request.body(limits.max_body)
                live.session.feed(messages_of(request, transport, body, limits.max_messages))
        except NoSuchSession:
            await request.answer(404)
        except PayloadExpected:
            await request.answer(500, "Payload expected.", TEXT)
        except BrokenFraming:
            await request.answer(500, "Broken JSON encoding.", TEXT)
        except (BodyTooLarge, TooManyMessages):
            await request.answer(413)
        except TimeoutError:
            await request.answer(503)
        except ClientGone:
            pass
        else:
            # Konqueror misbehaves on a 204 to a form, and Firefox parses an answer without a type as XML
            await (request.answer(200, "ok", TEXT) if transport == "jsonp_send" else request.answer(204, "", TEXT))

    def _add_headers(self, request: Request) -> None:
        request.answer_headers |= never_cached() | cors(request)
        if self._settings.cookie_needed:
            request.answer_headers |= sticky_cookie(request)
