"""Which SockJS endpoints there are, and what each serves."""

from collections.abc import Mapping

from adapters.sockjs.protocol.limits import SockJsLimits
from adapters.stomp.connection import StompConnection
from adapters.stomp.services import StompServices
from adapters.stomp.transport import Transport
from entrypoints.asgi.admission import Admission
from entrypoints.asgi.types import Receive, Scope, Send
from entrypoints.settings.model import Settings
from entrypoints.sockjs.application import Application, Client
from entrypoints.sockjs.endpoint import SockJsEndpoint, SockJsSettings
from entrypoints.sockjs.protocol_test_endpoints import TEST_ENDPOINTS


class SockJs:
    """The ASGI application of all endpoints."""

    def __init__(self, endpoints: Mapping[str, SockJsEndpoint]) -> None:
        self._endpoints = endpoints

    def serves(self, path: str) -> bool:
        return _prefix(path) in self._endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """For a path that it serves."""
        path: str = scope["path"]
        prefix = _prefix(path)
        endpoint = self._endpoints[prefix]
        serve = endpoint.websocket if scope["type"] == "websocket" else endpoint.http
        await serve(path[len(prefix) :], scope, receive, send)


def create_sockjs(services: StompServices, admission: Admission, settings: Settings) -> SockJs:
    """`/ws`, and outside `prod` and `dev` what the public tests need."""
    served = {"/ws": (_stomp(services), _settings_of(settings))}
    if settings.profile == "test":
        served |= TEST_ENDPOINTS

    return SockJs(
        {
            prefix: SockJsEndpoint(application, services.tokens, admission, its_settings)
            for prefix, (application, its_settings) in served.items()
        }
    )


def _stomp(services: StompServices) -> Application:
    async def serve(transport: Transport, client: Client) -> None:
        connection = StompConnection(
            transport,
            services,
            subprotocol=client.subprotocol,
            upgrade_authorization=client.authorization,
            place=client.place,
        )
        await connection.run()

    return serve


def _settings_of(settings: Settings) -> SockJsSettings:
    return SockJsSettings(
        SockJsLimits(
            heartbeat=settings.sockjs_heartbeat,
            disconnect_delay=settings.sockjs_disconnect_delay,
            slow_client=settings.slow_consumer,
            response=settings.sockjs_response_limit,
            max_body=settings.sockjs_max_body,
            max_messages=settings.max_message_frames,
            max_sessions=settings.max_connections + settings.max_unauthenticated,
        ),
        cookie_needed=settings.sockjs_cookie_needed,
        client_url=settings.sockjs_client_url,
    )


def _prefix(path: str) -> str:
    return "/" + path[1:].partition("/")[0]
