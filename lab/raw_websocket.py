"""A WebSocket client that can break the protocol: half frames, endless fragments, nothing read."""

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
END_TIMEOUT = 30.0


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    """A frame (RFC 6455, 5.2). The masking key is zero, so that the payload stays as it is."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 65_536:
        length = bytes([0x80 | 126]) + size.to_bytes(2)
    else:
        length = bytes([0x80 | 127]) + size.to_bytes(8)
    return bytes([opcode | 0x80 * fin]) + length + bytes(4) + payload


def fragments(payload: bytes, count: int) -> list[bytes]:
    """A text message in `count` frames, each with `payload`."""
    return [frame(CONTINUATION if number else TEXT, payload, fin=number == count - 1) for number in range(count)]


@dataclass
class End:
    """The text messages that came before the server ended the connection, and its close code."""

    texts: list[str] = field(default_factory=list)
    code: int | None = None


class RawWebSocket:
    """A connection to the HTTP address `url`.

    Uses a bare socket: when a write fails, an asyncio stream drops what it has not read, and with it the ERROR of a
    server that has ended the connection.
    """

    def __init__(self, url: str, **headers: str) -> None:
        self._address = urlsplit(url)
        self._headers = headers
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._received = bytearray()

    async def __aenter__(self) -> Self:
        await self.ask_for_upgrade()
        answer = await self._head()
        assert answer.startswith(b"HTTP/1.1 101"), answer
        return self

    async def ask_for_upgrade(self) -> None:
        """Connects and asks for the upgrade. Does not wait for the answer."""
        host = self._address.hostname
        await asyncio.get_running_loop().sock_connect(self._socket, (host, self._address.port))
        head = f"GET {self._address.path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        head += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in self._headers.items())
        assert await self.send(f"{head}\r\n".encode())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    async def send(self, octets: bytes) -> bool:
        """Sends octets. Returns False when the server has ended the connection."""
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, octets)
        except OSError:
            return False
        return True

    async def text(self) -> str:
        """Waits for the next text message. Fails for any other frame."""
        opcode, payload = await asyncio.wait_for(self._frame(), END_TIMEOUT)
        assert opcode == TEXT, (opcode, payload)
        return payload.decode()

    async def end(self) -> End:
        """Reads until the server ends the connection. Answers a close frame. Raises TimeoutError."""
        found = End()
        async with asyncio.timeout(END_TIMEOUT):
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while True:
                    opcode, payload = await self._frame()
                    if opcode in (TEXT, BINARY):
                        found.texts.append(payload.decode())
                    elif opcode == CLOSE:
                        found.code = int.from_bytes(payload[:2])
                        await self.send(frame(CLOSE, payload))
        return found

    async def leave(self, after: float) -> None:
        """Reads for `after` seconds, or until the server ends the connection, and closes the socket."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(after):
                while True:
                    self._received.clear()
                    await self._receive()
        self._socket.close()

    async def _head(self) -> bytes:
        while (end := self._received.find(b"\r\n\r\n")) < 0:
            await self._receive()
        return await self._take(end + 4)

    async def _frame(self) -> tuple[int, bytes]:
        first, second = await self._take(2)
        size = second & 127
        if size >= 126:
            size = int.from_bytes(await self._take(2 if size == 126 else 8))
        return first & 15, await self._take(size)

    async def _take(self, size: int) -> bytes:
        """Reads `size` octets. Raises `ConnectionError` or `IncompleteReadError` when the connection ends before."""
        while len(self._received) < size:
            await self._receive()
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken

    async def _receive(self) -> None:
        more = await asyncio.get_running_loop().sock_recv(self._socket, 65_536)
        if not more:
            raise asyncio.IncompleteReadError(bytes(self._received), None)
        self._received += more
