"""Servers in this process with nothing behind their sockets but a `Recorder`, and a client for each way to connect."""

import asyncio
import json
from collections import deque
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

import aiohttp
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from adapters.memory.clock import ManualClock
from adapters.memory.tokens import InMemoryTokenVerifier
from adapters.stomp.transport import Receiver, Transport
from entrypoints.asgi.admission import Admission
from entrypoints.asgi.client_address import ClientAddresses
from entrypoints.asgi.origins import Origins
from entrypoints.asgi.sockets import Client, PlainSockets, Upgrade
from entrypoints.asgi.types import Receive, Scope, Send
from entrypoints.asgi.websocket import AsgiWebSockets
from entrypoints.container import Container
from entrypoints.server.serving import create_server, listens
from entrypoints.settings.model import Settings
from entrypoints.sockjs.endpoint import SockJsEndpoint
from entrypoints.sockjs.mounts import sockjs_settings
from lab.ports import free_port
from tests.contract.suites.transport_contract import Edge, EdgeClient, Recorder
from tests.support.limits import sockjs_limits
from tests.support.people import NOW

DISCONNECT_DELAY = 3.0
"""Seconds: also on a busy machine, a client that streams or polls is back within them."""
SETTINGS = replace(sockjs_settings(Settings()), limits=sockjs_limits(disconnect_delay=DISCONNECT_DELAY))
PREFIX = "/sockjs"


class LocalServer:
    """`granian` or `uvicorn`; `served` are those who serve its clients, as they come."""

    def __init__(self, server: str) -> None:
        self.port = free_port()
        self.served: asyncio.Queue[Recorder] = asyncio.Queue()
        container = Container(settings=Settings())
        admission = Admission(Origins(["*"]), container.connections(), container.waiting_room(), ClientAddresses())
        tokens = InMemoryTokenVerifier({}, ManualClock(NOW))
        self._sockjs = SockJsEndpoint(self._serve, tokens, admission, SETTINGS, ManualClock(NOW))
        self._plain = PlainSockets(self._serve, admission)
        self._websockets = AsgiWebSockets(self)
        address = Settings(host="127.0.0.1", port=self.port, server=server)  # type: ignore[arg-type]
        settings = msgspec.structs.replace(address, max_connections=100, max_unauthenticated=100)
        self._server = create_server(self._app, self, settings)

    async def start(self) -> None:
        self._serving = asyncio.create_task(self._server.serve())
        await listens("127.0.0.1", self.port)

    async def stop(self) -> None:
        self._server.stop()
        await asyncio.wait([self._serving], timeout=10)

    def admit(self, scope: Scope) -> Upgrade:
        path: str = scope["path"]
        return self._sockjs.admit(path.removeprefix(PREFIX), scope) if PREFIX in path else self._plain.admit(scope)

    def _serve(self, transport: Transport, client: Client) -> Receiver:
        recorder = Recorder(transport, client)
        self.served.put_nowait(recorder)
        return recorder

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websockets(scope, receive, send)
        else:
            await self._sockjs.http(scope["path"].removeprefix(PREFIX), scope, receive, send)


class SocketClient(EdgeClient):
    """STOMP's messages are those of the WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, *messages: str) -> None:
        for message in messages:
            await self.socket.send(message)

    async def hear(self) -> str:
        return str(await self.socket.recv())

    async def until_closed(self) -> None:
        with suppress(ConnectionClosed):
            while True:
                await self.hear()
        assert self.socket.close_code is not None
        self.closed = self.socket.close_code, self.socket.close_reason or ""

    async def vanish(self) -> None:
        self.socket.transport.abort()
        await self.socket.wait_closed()


class FrameClient(EdgeClient):
    """Reads SockJS frames, however they come."""

    def __init__(self) -> None:
        self._heard: deque[str] = deque()

    async def next_frame(self) -> str:
        raise NotImplementedError

    async def hear(self) -> str:
        while not self._heard:
            await self._read_frame()
        return self._heard.popleft()

    async def until_closed(self) -> None:
        while self.closed is None:
            await self._read_frame()

    async def _read_frame(self) -> None:
        frame = await self.next_frame()
        if frame.startswith("a"):
            self._heard.extend(json.loads(frame[1:]))
        elif frame.startswith("c"):
            code, reason = json.loads(frame[1:])
            self.closed = code, reason


class SockJsSocketClient(FrameClient):
    def __init__(self, socket: ClientConnection) -> None:
        super().__init__()
        self._socket = socket

    async def say(self, *messages: str) -> None:
        for message in messages:
            await self._socket.send(json.dumps([message]))

    async def next_frame(self) -> str:
        return str(await self._socket.recv())

    async def vanish(self) -> None:
        self._socket.transport.abort()
        await self._socket.wait_closed()


class PollingClient(FrameClient):
    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        super().__init__()
        self._http = http
        self._url = url

    async def say(self, *messages: str) -> None:
        async with self._http.post(f"{self._url}/xhr_send", data=json.dumps(messages)) as answer:
            assert answer.status == 204

    async def next_frame(self) -> str:
        async with self._http.post(f"{self._url}/xhr") as answer:
            return (await answer.text()).strip()

    async def vanish(self) -> None:
        """It does not come back."""


class StreamingClient(PollingClient):
    _stream: aiohttp.ClientResponse | None = None

    async def next_frame(self) -> str:
        while True:
            if self._stream is None:
                self._stream = await self._http.post(f"{self._url}/xhr_streaming", read_bufsize=1024 * 1024)
            line = (await self._stream.content.readline()).decode().strip()
            if not line:
                self._stream = None
            elif not line.startswith("hh"):
                return line

    async def vanish(self) -> None:
        if self._stream is not None:
            self._stream.close()


class ServedEdge(Edge):
    """`kind` is how clients connect: plain, websocket, xhr_streaming or xhr, the last three of SockJS."""

    def __init__(self, server: LocalServer, http: aiohttp.ClientSession, kind: str) -> None:
        self._server = server
        self._http = http
        self._kind = kind
        self._clients: list[EdgeClient] = []

    async def stop(self) -> None:
        for client in self._clients:
            await client.vanish()

    async def connect(self) -> tuple[EdgeClient, Recorder]:
        session = f"127.0.0.1:{self._server.port}{PREFIX}/000/{uuid4()}"
        client: EdgeClient
        if self._kind == "plain":
            client = SocketClient(await _open(f"ws://127.0.0.1:{self._server.port}/ws"))
        elif self._kind == "websocket":
            client = SockJsSocketClient(await _open(f"ws://{session}/websocket"))
        else:
            streams = self._kind == "xhr_streaming"
            client = (StreamingClient if streams else PollingClient)(self._http, f"http://{session}")
            assert await client.next_frame() == "o"
        self._clients.append(client)
        return client, await asyncio.wait_for(self._server.served.get(), 30)


async def _open(url: str) -> ClientConnection:
    return await connect(url, compression=None, ping_interval=None, close_timeout=1)
