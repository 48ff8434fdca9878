"""Composes the ASGI application: WebSockets go to STOMP, SockJS to its endpoints, all else to Litestar."""

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
from entrypoints.asgi.sockets import PATHS, PlainSockets, Sockets, Upgrade, stomp_application
from entrypoints.asgi.types import AsgiApp, Receive, Scope, Send
from entrypoints.asgi.unread_body import UnreadBody
from entrypoints.asgi.websocket import AsgiWebSockets
from entrypoints.checkout import WEB
from entrypoints.container import Container
from entrypoints.development.tokens import makes_tokens
from entrypoints.observability.health import HealthController
from entrypoints.observability.metrics import metrics
from entrypoints.rest import problems
from entrypoints.rest.authentication import TokenAuthentication
from entrypoints.rest.blocks import BlocksController
from entrypoints.rest.capabilities import CapabilitiesController
from entrypoints.rest.chat import ChatController
from entrypoints.rest.conversations import ConversationsController
from entrypoints.rest.cors import Cors
from entrypoints.rest.dev_token import dev_token
from entrypoints.rest.documents.openapi import openapi_config
from entrypoints.rest.messages import MessagesController
from entrypoints.rest.parameters import check_query
from entrypoints.rest.settings import SettingsController
from entrypoints.rest.switched_off import switched_off_calls
from entrypoints.rest.sync import SyncController
from entrypoints.rest.unread import UnreadCountsController
from entrypoints.sockjs.mounts import SockJs, create_sockjs
from entrypoints.web_client.files import WebFiles
from entrypoints.web_client.routes import web_client


class App(NamedTuple):
    """The application of one instance.

    `asgi` serves everything; `sockets` is for servers that carry WebSockets themselves.
    """

    asgi: AsgiApp
    sockets: Sockets


class _Sockets:
    """Serves plain WebSockets and those of SockJS, by their path."""

    def __init__(self, plain: PlainSockets, sockjs: SockJs) -> None:
        self._plain = plain
        self._sockjs = sockjs

    def admit(self, scope: Scope) -> Upgrade:
        path = scope["path"]
        return (self._plain if path in PATHS or not self._sockjs.serves(path) else self._sockjs).admit(scope)


def create_app(container: Container) -> App:
    """Makes the application. Does not start the background work of the instance."""
    settings = container.settings()
    origins = Origins(settings.allowed_origins)
    addresses = ClientAddresses(settings.trusted_proxies)
    admission = Admission(origins, container.connections(), container.waiting_room(), addresses)
    stomp = stomp_application(container.stomp())
    sockjs = create_sockjs(
        stomp=stomp, tokens=container.tokens(), admission=admission, settings=settings, clock=container.clock()
    )
    sockets = _Sockets(PlainSockets(stomp, admission), sockjs)
    websockets = AsgiWebSockets(sockets)
    rest = container.http_times().measured(_litestar(container))
    http = RequestId(HeadAsGet(BodyRate(rest, settings.request_timeout)))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await websockets(scope, receive, send)
        else:
            await (sockjs if sockjs.serves(scope["path"]) else http)(scope, receive, send)

    return App(UnreadBody(app), sockets)


def _litestar(container: Container) -> Any:
    settings, tokens = container.settings(), container.tokens()
    api = Router(
        "/",
        route_handlers=[
            ChatController,
            MessagesController,
            ConversationsController,
            SettingsController,
            BlocksController,
            UnreadCountsController,
            SyncController,
            CapabilitiesController,
            *switched_off_calls(),
        ],
        before_request=check_query,
        middleware=[DefineMiddleware(TokenAuthentication, tokens=lambda: tokens)],
        request_max_body_size=settings.max_frame_bytes,
        dependencies={
            "init_session": _provide(container.init_session()),
            "send_message": _provide(container.send_message()),
            "list_sessions": _provide(container.list_sessions()),
            "read_history": _provide(container.read_history()),
            "read_unread": _provide(container.read_unread()),
            "mark_seen": _provide(container.mark_seen()),
            "change_message": _provide(container.change_message()),
            "change_conversation": _provide(container.sides().change_conversation),
            "change_settings": _provide(container.sides().change_settings),
            "count_unread": _provide(container.sides().count_unread),
            "block_people": _provide(container.sides().block_people),
            "close_session": _provide(container.sides().close_session),
            "sync_changes": _provide(container.sync_changes()),
            "features": _provide(container.features()),
            "capabilities": _provide(container.capabilities()),
        },
    )
    return Litestar(
        route_handlers=[api, HealthController, metrics, *_optional_routes(container)],
        dependencies={
            "health": _provide(container.health()),
            "service_metrics": _provide(container.metrics()),
            "worker_metrics": _provide(container.worker_metrics()),
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


def _optional_routes(container: Container) -> Iterator[ControllerRouterHandler]:
    """The routes to try the service out: tokens of `dev`, and the page."""
    settings = container.settings()
    if makes_tokens(settings):
        yield dev_token(settings, container.clock())
    page = web_client(settings, WebFiles(WEB))
    if page is not None:
        yield page


def _provide(value: Any) -> Provide:
    return Provide(lambda: value, use_cache=True, sync_to_thread=False)
