"""Mounts the SockJS endpoints."""

from collections.abc import Mapping

from adapters.sockjs.protocol.limits import SockJsLimits
from application.ports.clock import Clock
from application.ports.tokens import TokenVerifier
from entrypoints.asgi.admission import Admission
from entrypoints.asgi.sockets import Application, Upgrade
from entrypoints.asgi.types import Receive, Scope, Send
from entrypoints.settings.model import Settings
from entrypoints.sockjs.endpoint import SockJsEndpoint, SockJsSettings
from entrypoints.sockjs.protocol_test_endpoints import protocol_test_endpoints


class SockJs:
    """All endpoints: an ASGI application for their requests, and their WebSockets."""

    def __init__(self, endpoints: Mapping[str, SockJsEndpoint]) -> None:
        self._endpoints = endpoints

    def serves(self, path: str) -> bool:
        """Whether an endpoint has this path."""
        return _prefix(path) in self._endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request for a path that it serves."""
        endpoint, rest = self._endpoint(scope)
        await endpoint.http(rest, scope, receive, send)

    def admit(self, scope: Scope) -> Upgrade:
        """Admits a WebSocket at a path that it serves. Raises `Refused`."""
        endpoint, rest = self._endpoint(scope)
        return endpoint.admit(rest, scope)

    def _endpoint(self, scope: Scope) -> tuple[SockJsEndpoint, str]:
        path: str = scope["path"]
        prefix = _prefix(path)
        return self._endpoints[prefix], path[len(prefix) :]


def create_sockjs(
    *, stomp: Application, tokens: TokenVerifier, admission: Admission, settings: Settings, clock: Clock
) -> SockJs:
    """Mounts `/ws`, and in the profile `test` the endpoints of the public protocol tests."""
    served = {"/ws": (stomp, sockjs_settings(settings))}
    if settings.profile == "test":
        served |= protocol_test_endpoints(sockjs_settings(Settings()))

    return SockJs(
        {
            prefix: SockJsEndpoint(application, tokens, admission, its_settings, clock)
            for prefix, (application, its_settings) in served.items()
        }
    )


def sockjs_settings(settings: Settings) -> SockJsSettings:
    """The settings of `/ws`."""
    return SockJsSettings(
        SockJsLimits(
            heartbeat=settings.sockjs_heartbeat,
            disconnect_delay=settings.sockjs_disconnect_delay,
            slow_consumer=settings.slow_consumer,
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
