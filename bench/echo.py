"""The floor of the sockets: a server that does nothing but send each frame back."""

import asyncio
import sys

import uvloop

from adapters.stomp.transport import Transport
from adapters.stomp.waiting_room import WaitingRoom
from entrypoints.asgi.sockets import Accepted
from entrypoints.asgi.types import Receive, Scope, Send
from entrypoints.asgi.websocket import AsgiWebSockets
from entrypoints.server.serving import create_server
from entrypoints.server.stop_signals import stop_signals
from entrypoints.settings.load import load_settings


class Echo:
    """Serves one socket."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def received(self, data: str | bytes) -> None:
        assert isinstance(data, str), "the load generator sends text"
        self._transport.send(data)

    def oversized(self) -> None: ...

    def writable(self) -> None: ...

    def lost(self) -> None: ...


class Echoes:
    """Lets everybody in."""

    def __init__(self) -> None:
        self._room = WaitingRoom(max_waiting=1_000_000, max_per_address=1_000_000)

    def admit(self, scope: Scope) -> Accepted:
        return Accepted(None, self._room.enter(""), Echo)


async def main() -> None:
    sockets = Echoes()
    websockets = AsgiWebSockets(sockets)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await websockets(scope, receive, send)
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    stopping = stop_signals()
    server = create_server(app, sockets, load_settings())
    serving = asyncio.create_task(server.serve())
    await stopping.wait()
    server.stop()
    await asyncio.wait([serving], timeout=5)


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
