"""A TCP or TLS transport whose socket can be dropped at once."""

from asyncio import StreamReader, StreamWriter
from typing import Any

from aiormq.connection import TCPTransportFactory, TLSTransportFactory, TransportFactory
from yarl import URL


class AbortableTransport(TransportFactory):
    """Opens the socket to a node. `abort` drops it without waiting, as a stalled node never answers a close."""

    def __init__(self) -> None:
        self._writer: StreamWriter | None = None
        self._aborted = False

    async def create(self, url: URL, **kwargs: Any) -> tuple[StreamReader, StreamWriter]:
        """Connects to a node. Raises OSError."""
        factory = TLSTransportFactory() if url.scheme == "amqps" else TCPTransportFactory()
        reader, self._writer = await factory.create(url, **kwargs)
        if self._aborted:
            self.abort()
        return reader, self._writer

    def abort(self) -> None:
        """Drops the socket and all unsent data. Idempotent."""
        self._aborted = True
        if self._writer is not None:
            self._writer.transport.abort()
