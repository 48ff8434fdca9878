"""The application: WebSockets go straight to STOMP, SockJS to its endpoints, everything else to Litestar."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware
from litestar.router import Router
from litestar.types import ControllerRouterHandler

from domain.errors import ChatError
from entrypoints.asgi.admission import Admission
from entrypoints.asgi.body_rate import BodyRate
from entrypoints.asgi.client_address import ClientAddresses
from entrypoints.asgi.head import HeadAsGet
from entrypoints.asgi.origins import Origins
from entrypoints.asgi.request_id import RequestId
from entrypoints.asgi.sockets import PATHS, Accepted, PlainSockets, Sockets, stomp_application
from entrypoints.asgi.types import AsgiApp, Receive, Scope, Send
from entrypoints.asgi.unread_body import UnreadBody
from entrypoints.asgi.websocket import AsgiWebSockets
from entrypoints.checkout import WEB
from entrypoints.container import Container
from entrypoints.development.tokens import makes_tokens
from entrypoints.observability.health import Health, HealthController
from entrypoints.observability.metrics import metrics
from entrypoints.rest import problems
from entrypoints.rest.authentication import TokenAuthentication
from entrypoints.rest.chat import ChatController
from entrypoints.rest.cors import Cors
from entrypoints.rest.dev_token import dev_token
from entrypoints.rest.openapi import openapi_config
from entrypoints.sockjs.mounts import SockJs, create_sockjs
from entrypoints.web_client.files import WebFiles
from entrypoints.web_client.routes import web_client


class App(NamedTuple):
    """`sockets` are for servers that carry WebSockets themselves; `asgi` has them too."""

    asgi: AsgiApp
    sockets: Sockets


class _Sockets:
    """Plain ones and those of SockJS, by their path."""

    def __init__(self, plain: PlainSockets, sockjs: SockJs) -> None:
        self._plain = plain
        self._sockjs = sockjs

    def admit(self, scope: Scope) -> Accepted:
        path = scope["path"]
        return (self._plain if path in PATHS or not self._sockjs.serves(path) else self._sockjs).admit(scope)


def create_app(container: Container, health: Health) -> App:
    """One instance's application; whoever serves it also starts and stops the instance's background work."""
    settings = container.settings()
    origins = Origins(settings.allowed_origins)
    addresses = ClientAddresses(settings.trusted_proxies)
    admission = Admission(origins, container.connections(), container.waiting_room(), addresses)
    stomp = stomp_application(container.stomp())
    sockjs = create_sockjs(stomp, container.tokens(), admission, settings)
    sockets = _Sockets(PlainSockets(stomp, admission), sockjs)
    websockets = AsgiWebSockets(sockets)
    rest = container.http_times().measured(_litestar(container, health))
    http = RequestId(HeadAsGet(BodyRate(rest, settings.request_timeout)))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await websockets(scope, receive, send)
        else:
            await (sockjs if sockjs.serves(scope["path"]) else http)(scope, receive, send)

    return App(UnreadBody(app), sockets)


def _litestar(container: Container, health: Health) -> Any:
    settings, tokens = container.settings(), container.tokens()
    api = Router(
        "/",
        route_handlers=[ChatController],
        middleware=[DefineMiddleware(TokenAuthentication, tokens=lambda: tokens)],
        request_max_body_size=settings.max_frame_bytes,
        dependencies={
            "init_session": _given(container.init_session()),
            "send_message": _given(container.send_message()),
            "list_sessions": _given(container.list_sessions()),
            "read_history": _given(container.read_history()),
            "read_unread": _given(container.read_unread()),
            "mark_seen": _given(container.mark_seen()),
        },
    )
    return Litestar(
        route_handlers=[api, HealthController, metrics, *_for_people(container)],
        dependencies={
            "health": _given(health),
            "service_metrics": _given(container.metrics()),
            "siblings": _given(container.siblings()),
        },
        exception_handlers={
            ChatError: problems.of_chat_error,
            HTTPException: problems.of_http_error,
            Exception: problems.of_failure,
        },
        cors_config=Cors(settings.allowed_origins) if settings.allowed_origins else None,
        openapi_config=openapi_config(),
        logging_config=None,
    )


def _for_people(container: Container) -> Iterator[ControllerRouterHandler]:
    """What is there to try the service out."""
    settings = container.settings()
    if makes_tokens(settings):
        yield dev_token(settings, container.clock())
    page = web_client(settings, WebFiles(WEB))
    if page is not None:
        yield page


def _given(value: Any) -> Provide:
    return Provide(lambda: value, use_cache=True, sync_to_thread=False)
