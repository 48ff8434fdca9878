"""The transport `websocket`: SockJS frames over one WebSocket, whose life is the session's."""

import asyncio
import contextlib
from collections import deque
from collections.abc import MutableMapping
from time import monotonic
from typing import Any

from adapters.sockjs.protocol.framing import (
    HEARTBEAT,
    OPEN,
    BrokenFraming,
    PayloadExpected,
    TooManyMessages,
    array_frame,
    close_frame,
    read_messages,
)
from adapters.sockjs.protocol.halves import HalfJoiner
from adapters.sockjs.protocol.limits import SockJsLimits
from adapters.sockjs.session import CloseReason
from adapters.stomp.protocol.errors import FrameTooLarge
from entrypoints.asgi.types import MESSAGE_TOO_LARGE, Receive, Send


class SockJsWebSocketTransport:
    """Over an accepted ASGI WebSocket."""

    def __init__(self, receive: Receive, send: Send, limits: SockJsLimits) -> None:
        self._receive = receive
        self._send = send
        self._heartbeat = limits.heartbeat
        self._limits = limits
        self._messages: deque[str] = deque()
        self._halves = HalfJoiner()
        self._last_sent = monotonic()
        self._beats: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self._frame(OPEN)
        self._beats = asyncio.create_task(self._beat(), name="sockjs heartbeat")

    async def receive(self) -> str | None:
        """A client that breaks the framing is as good as gone (protocol: "abruptly terminate").

        Raises `FrameTooLarge` for a WebSocket message that is too long or has too many messages in it.
        """
        while not self._messages:
            event = await self._receive()
            payload = _payload(event)
            if payload is None:
                return None
            if len(payload) > self._limits.max_body:
                raise FrameTooLarge(f"a message has at most {self._limits.max_body} characters")
            if not payload:
                continue
            try:
                self._messages.extend(self._halves.join(read_messages(payload, self._limits.max_messages)))
            except TooManyMessages:
                raise FrameTooLarge(f"a message carries at most {self._limits.max_messages} others") from None
            except (BrokenFraming, PayloadExpected):
                await self._send({"type": "websocket.close", "code": 1007, "reason": "Broken framing."})
                return None
        return self._messages.popleft()

    async def send(self, text: str, *, binary: bool = False) -> None:
        """Always as text: SockJS has no binary messages."""
        await self._frame(array_frame((text,)))

    async def close(self, close: CloseReason) -> None:
        await self._frame(close_frame(close.code, close.reason))
        await self._send({"type": "websocket.close", "code": close.code, "reason": close.reason})

    def stop(self) -> None:
        if self._beats is not None:
            self._beats.cancel()

    async def _frame(self, frame: str) -> None:
        self._last_sent = monotonic()
        await self._send({"type": "websocket.send", "text": frame})

    async def _beat(self) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # the reader learns it too
            while True:
                idle = monotonic() - self._last_sent
                if idle >= self._heartbeat:
                    await self._frame(HEARTBEAT)
                else:
                    await asyncio.sleep(self._heartbeat - idle)


def _payload(event: MutableMapping[str, Any]) -> str | bytes | None:
    """None when the client has gone. Raises `FrameTooLarge`."""
    if event["type"] == MESSAGE_TOO_LARGE:
        raise FrameTooLarge
    if event["type"] != "websocket.receive":
        return None
    text: str | None = event.get("text")
    data: bytes | None = event.get("bytes")
    return (data if text is None else text) or b""
