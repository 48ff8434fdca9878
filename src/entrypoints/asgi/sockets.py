"""Serves WebSockets, whichever server carries them."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from adapters.stomp.connection import StompConnection
from adapters.stomp.protocol.negotiation.version import choose_subprotocol
from adapters.stomp.services import StompServices
from adapters.stomp.transport import Receiver, Transport
from adapters.stomp.waiting_room import Place
from entrypoints.asgi.admission import Admission, Refused
from entrypoints.asgi.types import Scope, headers_of

PATHS = frozenset({"/ws", "/ws/", "/ws/websocket"})


class Client(NamedTuple):
    """What is known of a client from its upgrade or first request. It leaves `place` when its CONNECT is accepted."""

    authorization: str | None = None
    subprotocol: str | None = None
    place: Place | None = None


Application = Callable[[Transport, Client], Receiver]
"""Serves one client until either side ends the connection."""


class Upgrade(NamedTuple):
    """An upgrade that may be accepted. Call `serve` after the answer. When the client has gone, leave `place`."""

    subprotocol: str | None
    place: Place
    serve: Callable[[Transport], Receiver]


class Sockets(Protocol):
    """Admits WebSockets."""

    def admit(self, scope: Scope) -> Upgrade:
        """Admits an upgrade. Raises `Refused`."""
        ...


def stomp_application(services: StompServices) -> Application:
    """The application that serves STOMP."""

    def serve(transport: Transport, client: Client) -> Receiver:
        return StompConnection(
            transport,
            services,
            subprotocol=client.subprotocol,
            upgrade_authorization=client.authorization,
            place=client.place,
        )

    return serve


def accept(scope: Scope, place: Place, application: Application) -> Upgrade:
    """Admits the client of an upgrade, to be served by `application`."""
    subprotocol = choose_subprotocol(scope.get("subprotocols", ()))
    client = Client(headers_of(scope).get("authorization"), subprotocol, place)
    return Upgrade(subprotocol, place, lambda transport: application(transport, client))


class PlainSockets:
    """Serves `/ws` and `/ws/websocket`: STOMP frames in WebSocket messages (contract, section 7)."""

    def __init__(self, application: Application, admission: Admission) -> None:
        self._application = application
        self._admission = admission

    def admit(self, scope: Scope) -> Upgrade:
        """Admits an upgrade. Raises `Refused`."""
        if scope["path"] not in PATHS:
            raise Refused(404)
        return accept(scope, self._admission.admit(scope), self._application)
