"""A TCP proxy that can be cut, stalled and healed: a network between two programs that fails on demand."""

import asyncio
import contextlib
import math
from asyncio import StreamReader, StreamWriter
from time import monotonic

MAX_UNDER_WAY = 1_000  # reads of a slow line that have not arrived


class Proxy:
    """Forwards a free local port to `target_port`; all data arrives `delay` seconds later, each way.

    At most `rate` octets a second go each way.
    """

    def __init__(self, target_port: int, delay: float = 0.0, rate: float = math.inf) -> None:
        self._target_port = target_port
        self._delay = delay
        self._rate = rate
        self._open = asyncio.Event()
        self._open.set()
        self._refusing = False
        self._keeps_open = False
        self._writers: set[StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0
        self.refused = 0
        self.ended = 0

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Drops every connection and all that come after, until healed."""
        self._refusing = True
        for writer in self._writers:
            writer.transport.abort()

    def stall(self) -> None:
        """Keeps the connections open and lets nothing through: what a partition looks like from inside."""
        self._open.clear()

    def hold_ends(self) -> None:
        """Lets everything through but the end of a connection, which is late at times."""
        self._keeps_open = True

    def heal(self) -> None:
        self._refusing = self._keeps_open = False
        self._open.set()

    async def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        if self._refusing:
            self.refused += 1
            writer.transport.abort()
            return
        self.connections += 1
        try:
            target_reader, target_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except ConnectionError:
            writer.transport.abort()
            return
        for source, sink in ((reader, target_writer), (target_reader, writer)):
            self._writers.add(sink)
            task = asyncio.create_task(self._forward(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _forward(self, source: StreamReader, sink: StreamWriter) -> None:
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(MAX_UNDER_WAY)
        arriving = asyncio.create_task(self._arrive(under_way, sink))
        try:
            while data := await source.read(65_536):
                await under_way.put((monotonic() + self._delay, data))
            await under_way.put((monotonic() + self._delay, b""))
            await arriving
        except ConnectionError:
            pass
        finally:
            arriving.cancel()
            self.ended += 1
            if not self._keeps_open:
                self._writers.discard(sink)
                sink.close()

    async def _arrive(self, under_way: "asyncio.Queue[tuple[float, bytes]]", sink: StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                due, data = await under_way.get()
                await asyncio.sleep(due - monotonic())
                if not data:
                    return
                await self._open.wait()
                sink.write(data)
                await sink.drain()
                await asyncio.sleep(len(data) / self._rate)
