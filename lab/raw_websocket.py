"""A WebSocket client that does what no library would: half frames, endless fragments, nothing read."""

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
    """RFC 6455, 5.2; the masking key is zero, so that the payload stays as it is."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 65_536:
        length = bytes([0x80 | 126]) + size.to_bytes(2)
    else:
        length = bytes([0x80 | 127]) + size.to_bytes(8)
    return bytes([opcode | 0x80 * fin]) + length + bytes(4) + payload


def fragments(payload: bytes, count: int) -> list[bytes]:
    """One text message in so many frames."""
    return [frame(CONTINUATION if number else TEXT, payload, fin=number == count - 1) for number in range(count)]


@dataclass
class End:
    """What came until the server ended the connection."""

    texts: list[str] = field(default_factory=list)
    code: int | None = None


class RawWebSocket:
    """`url` is the HTTP address with the path.

    On a bare socket: an asyncio stream drops what it has not read when a write fails, and with it the ERROR of a server
    that has ended the connection.
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
        """As one without patience does, who does not wait for the answer."""
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
        """False when the server has ended the connection."""
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, octets)
        except OSError:
            return False
        return True

    async def text(self) -> str:
        """The next text message."""
        opcode, payload = await asyncio.wait_for(self._frame(), END_TIMEOUT)
        assert opcode == TEXT, (opcode, payload)
        return payload.decode()

    async def end(self) -> End:
        """Reads until the server ends the connection; a close frame is answered as a client has to."""
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
        """Reads until the server ends the connection, or for `after` seconds, and aborts it."""
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
        """Raises `ConnectionError` or `IncompleteReadError` when the server ends the connection before."""
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
