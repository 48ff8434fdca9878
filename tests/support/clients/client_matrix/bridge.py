"""TCP to WebSocket, for clients that speak STOMP over TCP alone."""

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter
from types import TracebackType
from typing import Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake


class Bridge:
    """A free local port, each connection to which becomes a WebSocket to `url`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            async with connect(self._url, compression=None, ping_interval=None, close_timeout=1) as socket:
                upward = asyncio.create_task(_up(reader, socket))
                with contextlib.suppress(ConnectionClosed, ConnectionError):
                    async for data in socket:
                        writer.write(data.encode() if isinstance(data, str) else data)
                        await writer.drain()
                upward.cancel()
        except (OSError, InvalidHandshake):
            pass
        finally:
            writer.transport.abort()


async def _up(reader: StreamReader, socket: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed, ConnectionError):
        while data := await reader.read(16_384):
            await socket.send(data)
        await socket.close()
