"""What serves WebSockets, whichever server carries them."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from adapters.stomp.connection import StompConnection
from adapters.stomp.protocol.version import choose_subprotocol
from adapters.stomp.services import StompServices
from adapters.stomp.transport import Receiver, Transport
from adapters.stomp.waiting_room import Place
from entrypoints.asgi.admission import Admission, Refused
from entrypoints.asgi.types import Scope, headers_of

PATHS = frozenset({"/ws", "/ws/", "/ws/websocket"})


class Client(NamedTuple):
    """What is known of a client before its first message: of its first request, or of its WebSocket's handshake.

    It leaves `place` when its CONNECT is accepted.
    """

    authorization: str | None = None
    subprotocol: str | None = None
    place: Place | None = None


Application = Callable[[Transport, Client], Receiver]
"""Serves one client until either side ends it."""


class Accepted(NamedTuple):
    """An upgrade that may be answered. `serve` is called once it was; when the client has gone, it leaves `place`."""

    subprotocol: str | None
    place: Place
    serve: Callable[[Transport], Receiver]


class Sockets(Protocol):
    def admit(self, scope: Scope) -> Accepted:
        """Raises `Refused`."""
        ...


def stomp_application(services: StompServices) -> Application:
    def serve(transport: Transport, client: Client) -> Receiver:
        return StompConnection(
            transport,
            services,
            subprotocol=client.subprotocol,
            upgrade_authorization=client.authorization,
            place=client.place,
        )

    return serve


def accept(scope: Scope, place: Place, application: Application) -> Accepted:
    """`application` serves the client of this upgrade."""
    subprotocol = choose_subprotocol(scope.get("subprotocols", ()))
    client = Client(headers_of(scope).get("authorization"), subprotocol, place)
    return Accepted(subprotocol, place, lambda transport: application(transport, client))


class PlainSockets:
    """`/ws` and `/ws/websocket`: frames in WebSocket messages as they are (contract, section 7)."""

    def __init__(self, application: Application, admission: Admission) -> None:
        self._application = application
        self._admission = admission

    def admit(self, scope: Scope) -> Accepted:
        if scope["path"] not in PATHS:
            raise Refused(404)
        return accept(scope, self._admission.admit(scope), self._application)
