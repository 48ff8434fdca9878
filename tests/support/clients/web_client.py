"""A client over real sockets: REST by aiohttp, STOMP over an independent WebSocket library."""

import asyncio
import contextlib
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import aiohttp
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from adapters.stomp.protocol.frames.decoder import FrameDecoder
from adapters.stomp.protocol.frames.encoder import write_frame
from adapters.stomp.protocol.frames.frame import Frame
from tests.support.eventually import eventually

INTENT = "friends"


class Rest:
    """The API as one person."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = aiohttp.ClientSession()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def call(self, method: str, path: str, data: bytes | str | None = None) -> tuple[int, Any]:
        async with self._http.request(method, f"{self._url}{path}", data=data, headers=self._headers) as answer:
            return answer.status, await _json(answer)

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        return await self.call("POST", path, body if isinstance(body, bytes | str) else msgspec.json.encode(body))

    async def get(self, path: str, **query: Any) -> tuple[int, Any]:
        async with self._http.get(f"{self._url}{path}", params=query, headers=self._headers) as answer:
            return answer.status, await _json(answer)

    async def init(self, me: str, other: str, intent: str = INTENT) -> str:
        status, answer = await self.post("/api/chat/init", {"fromEmail": me, "toEmail": other, "intent": intent})
        assert status == 200, answer
        session_id: str = answer["sessionId"]
        return session_id

    async def history(self, session_id: str) -> list[dict[str, Any]]:
        """All of it."""
        messages: list[dict[str, Any]] = []
        while True:
            after = messages[-1]["seq"] if messages else 0
            status, page = await self.get(f"/api/chat/{session_id}/history", limit=200, after=after)
            assert status == 200, page
            if not page:
                return messages
            messages.extend(page)


async def _json(answer: aiohttp.ClientResponse) -> Any:
    body = await answer.read()
    return msgspec.json.decode(body) if body else None


def chat_message(session_id: str, sender: str, content: str, /, **changes: Any) -> dict[str, Any]:
    message = {
        "sessionId": session_id,
        "senderEmail": sender,
        "intent": INTENT,
        "content": content,
        "clientMessageId": str(uuid4()),
    }
    return message | changes


class WebClient:
    """One STOMP connection; `frames` are those that came, in order."""

    def __init__(self, url: str, token: str | None, *, subprotocol: str | None = "v12.stomp", **headers: str) -> None:
        self._url = url
        self._token = token
        self._subprotocol = subprotocol
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._decoder = FrameDecoder(max_frame_bytes=10_000_000)
        self._decoder.use("1.2")
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self.frames: list[Frame] = []

    async def __aenter__(self) -> Self:
        self._socket = await connect(
            self._url,
            subprotocols=[self._subprotocol] if self._subprotocol else None,  # type: ignore[list-item]
            compression=None,
            max_size=None,
            ping_interval=None,
            close_timeout=5,
        )
        self._reader = asyncio.create_task(self._read())
        if self._token is not None:
            self.say("CONNECT", accept_version="1.2", Authorization=f"Bearer {self._token}", **self._headers)
            await self.flush()
            await self.got("CONNECTED")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._socket is not None
        assert self._reader is not None
        await self.flush()
        await self._socket.close()
        await self._reader

    @property
    def socket(self) -> ClientConnection:
        assert self._socket is not None
        return self._socket

    def say(self, command: str, body: str = "", **headers: str) -> None:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        self._outgoing = [*getattr(self, "_outgoing", []), write_frame(command, named, body, "1.2")]

    async def flush(self) -> None:
        outgoing, self._outgoing = getattr(self, "_outgoing", []), []
        for text in outgoing:
            with contextlib.suppress(ConnectionClosed):
                await self.socket.send(text)

    async def subscribe(self, destination: str, **headers: str) -> None:
        receipt = str(uuid4())
        self.say("SUBSCRIBE", **({"id": destination} | headers), destination=destination, receipt=receipt)
        await self.flush()
        await eventually(lambda: any(frame.headers["receipt-id"] == receipt for frame in self.of("RECEIPT")))

    async def send(self, message: dict[str, Any], **headers: str) -> None:
        self.say("SEND", msgspec.json.encode(message).decode(), destination="/app/chat.send", **headers)
        await self.flush()

    async def got(self, command: str, count: int = 1, within: float = 10) -> list[Frame]:
        """The frames of this command, once there are `count`."""
        await eventually(lambda: len(self.of(command)) >= count, within)
        return self.of(command)

    async def messages(self, destination: str, count: int = 1, within: float = 20) -> list[dict[str, Any]]:
        """The bodies of what came for a destination, once there are `count`."""
        await eventually(lambda: len(self._bodies(destination)) >= count, within)
        return [msgspec.json.decode(body) for body in self._bodies(destination)]

    def refused(self) -> list[str | None]:
        """The `clientMessageId`s of the problems that came so far; None for what has none."""
        return [msgspec.json.decode(body).get("clientMessageId") for body in self._bodies("/user/queue/error")]

    def acked(self) -> set[str]:
        """The `clientMessageId`s of the acks that came so far."""
        return {msgspec.json.decode(body)["clientMessageId"] for body in self._bodies("/user/queue/ack")}

    async def closed(self) -> tuple[int | None, str]:
        """The close code and reason, once the server has closed."""
        assert self._reader is not None
        await asyncio.wait_for(asyncio.shield(self._reader), 40)
        return self.socket.close_code, self.socket.close_reason or ""

    @property
    def is_closed(self) -> bool:
        """Whether the connection has ended."""
        return self._reader is not None and self._reader.done()

    def of(self, command: str) -> list[Frame]:
        return [frame for frame in self.frames if frame.command == command]

    def _bodies(self, destination: str) -> list[bytes]:
        return [frame.body for frame in self.of("MESSAGE") if frame.headers["destination"] == destination]

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for data in self.socket:
                self.frames.extend(self._decoder.feed(data))
