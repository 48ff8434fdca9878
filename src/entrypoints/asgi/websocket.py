"""WebSockets over ASGI, for servers that have nothing else: one task reads, one writes."""

import asyncio
from collections import deque
from typing import Final

from adapters.stomp.transport import Close, Receiver
from entrypoints.asgi.admission import Refused, refuse_upgrade
from entrypoints.asgi.sockets import Sockets
from entrypoints.asgi.types import Event, Receive, Scope, Send

CLOSE_TIMEOUT: Final = 5.0
"""Seconds in which a client may read what is left before the close."""
READ_AHEAD: Final = 65_536
"""Characters or octets that are read while reading is paused. Behind them comes the news that the client has gone."""
MESSAGE_OVERHEAD: Final = 64
"""What each message counts in addition to its content."""


class AsgiSocket:
    """The STOMP transport over an accepted ASGI WebSocket."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._outgoing: deque[Event] = deque()
        self._arrived = asyncio.Event()
        self._readable = asyncio.Event()
        self._readable.set()
        self._is_paused = False
        self._read_ahead = 0
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._is_closing = False

    async def run(self, receiver: Receiver) -> None:
        """Serves the client until either side ends the connection."""
        reader = asyncio.create_task(self._read(receiver), name="websocket reader")
        writer = asyncio.create_task(self._write(receiver), name="websocket writer")
        try:
            await self._end
            # Granian's close hangs while a receive is in progress
            reader.cancel()
            await asyncio.wait([reader])
            if self._is_closing:
                await asyncio.wait([writer], timeout=CLOSE_TIMEOUT)
        finally:
            for task in (reader, writer):
                task.cancel()
            await asyncio.wait([reader, writer])
            receiver.lost()

    def send(self, text: str, *, binary: bool = False) -> bool:
        """Sends a message, as text or binary. Returns whether the client takes it at once."""
        content = {"bytes": text.encode()} if binary else {"text": text}
        self._put({"type": "websocket.send", **content})
        return False

    def pause_reading(self) -> None:
        """Stops to hand messages to the receiver."""
        self._is_paused = True

    def resume_reading(self) -> None:
        """Goes on to hand messages to the receiver."""
        self._is_paused = False
        self._read_ahead = 0
        self._readable.set()

    def close(self, close: Close) -> None:
        """Closes the WebSocket after what was sent."""
        self._is_closing = True
        self._put({"type": "websocket.close", "code": close.code, "reason": close.reason})
        self._finish()

    def _put(self, event: Event) -> None:
        self._outgoing.append(event)
        self._arrived.set()

    def _finish(self) -> None:
        if not self._end.done():
            self._end.set_result(None)

    async def _read(self, receiver: Receiver) -> None:
        try:
            while True:
                await self._readable.wait()
                event = await self._receive()
                if event["type"] != "websocket.receive":
                    break
                text: str | None = event.get("text")
                data: bytes | None = event.get("bytes")
                message = (data or b"") if text is None else text
                if self._is_paused:
                    self._count_ahead(len(message))
                receiver.received(message)
        except (OSError, RuntimeError):
            pass
        self._finish()

    def _count_ahead(self, length: int) -> None:
        self._read_ahead += length + MESSAGE_OVERHEAD
        if self._read_ahead >= READ_AHEAD:
            self._readable.clear()

    async def _write(self, receiver: Receiver) -> None:
        try:
            while True:
                while self._outgoing:
                    event = self._outgoing.popleft()
                    await self._send(event)
                    if event["type"] == "websocket.close":
                        return
                if not self._is_closing:
                    receiver.writable()
                if not self._outgoing:
                    self._arrived.clear()
                    await self._arrived.wait()
        except (OSError, RuntimeError):  # the client has gone; the reader does not notice while it is paused
            self._finish()


class AsgiWebSockets:
    """The ASGI application for WebSockets."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one WebSocket connection."""
        await receive()  # websocket.connect
        try:
            accepted = self._sockets.admit(scope)
        except Refused as refused:
            await refuse_upgrade(refused, scope, send)
            return
        try:
            await send({"type": "websocket.accept", "subprotocol": accepted.subprotocol})
            socket = AsgiSocket(receive, send)
            await socket.run(accepted.serve(socket))
        finally:
            accepted.place.leave()
