"""A server that sends each frame back: the floor for sockets."""

import asyncio
import sys

import uvloop

from adapters.stomp.transport import Transport
from adapters.stomp.waiting_room import WaitingRoom
from entrypoints.asgi.sockets import Upgrade
from entrypoints.asgi.types import Receive, Scope, Send
from entrypoints.asgi.websocket import AsgiWebSockets
from entrypoints.server.serving import create_server
from entrypoints.server.stop_signals import stop_signals
from entrypoints.settings.load import load_settings


class Echo:
    """Sends the frames of one socket back."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def received(self, data: str | bytes) -> None:
        """Sends a frame back."""
        assert isinstance(data, str), "the load generator sends text"
        self._transport.send(data)

    def oversized(self) -> None:
        """Does nothing."""

    def writable(self) -> None:
        """Does nothing."""

    def lost(self) -> None:
        """Does nothing."""


class Echoes:
    """Admits every socket."""

    def __init__(self) -> None:
        self._room = WaitingRoom(max_unauthenticated=1_000_000, max_unauthenticated_per_address=1_000_000)

    def admit(self, scope: Scope) -> Upgrade:
        """Admits a socket."""
        return Upgrade(None, self._room.enter(""), Echo)


async def main() -> None:
    """Serves until SIGTERM."""
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
