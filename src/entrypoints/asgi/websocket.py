"""`/ws` and `/ws/websocket`: STOMP over plain WebSocket, as an ASGI application (contract, section 7)."""

from adapters.stomp.connection import StompConnection
from adapters.stomp.protocol.errors import FrameTooLarge
from adapters.stomp.protocol.version import choose_subprotocol
from adapters.stomp.services import StompServices
from adapters.stomp.transport import Close
from adapters.stomp.waiting_room import Place
from entrypoints.asgi.admission import Admission, Refused, refuse_upgrade
from entrypoints.asgi.types import MESSAGE_TOO_LARGE, Receive, Scope, Send, headers_of

PATHS = frozenset({"/ws", "/ws/", "/ws/websocket"})


class WebSocketTransport:
    """Implements the STOMP transport over an accepted ASGI WebSocket."""

    __slots__ = ("_receive", "_send")

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def receive(self) -> str | bytes | None:
        event = await self._receive()
        if event["type"] == MESSAGE_TOO_LARGE:
            raise FrameTooLarge("a message is too long")
        if event["type"] != "websocket.receive":
            return None
        text: str | None = event.get("text")
        data: bytes | None = event.get("bytes")
        return data if text is None else text

    async def send(self, text: str, *, binary: bool = False) -> None:
        content = {"bytes": text.encode()} if binary else {"text": text}
        await self._send({"type": "websocket.send", **content})

    async def close(self, close: Close) -> None:
        await self._send({"type": "websocket.close", "code": close.code, "reason": close.reason})


class StompWebSocket:
    """The ASGI application."""

    def __init__(self, services: StompServices, admission: Admission) -> None:
        self._services = services
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        try:
            if scope["path"] not in PATHS:
                raise Refused(404)
            place = self._admission.admit(scope)
        except Refused as refused:
            await refuse_upgrade(refused, scope, send)
            return
        try:
            await self._serve(scope, receive, send, place)
        finally:
            place.leave()

    async def _serve(self, scope: Scope, receive: Receive, send: Send, place: Place) -> None:
        subprotocol = choose_subprotocol(scope.get("subprotocols", ()))
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        connection = StompConnection(
            WebSocketTransport(receive, send),
            self._services,
            subprotocol=subprotocol,
            upgrade_authorization=headers_of(scope).get("authorization"),
            place=place,
        )
        await connection.run()
