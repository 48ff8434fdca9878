"""TCP or TLS to a node, with a way out that does not depend on the node's answer."""

from asyncio import StreamReader, StreamWriter
from typing import Any

from aiormq.connection import TCPTransportFactory, TLSTransportFactory, TransportFactory
from yarl import URL


class AbortableTransport(TransportFactory):
    """A stalled node never answers a close: `abort` drops the socket at once."""

    def __init__(self) -> None:
        self._writer: StreamWriter | None = None
        self._aborted = False

    async def create(self, url: URL, **kwargs: Any) -> tuple[StreamReader, StreamWriter]:
        factory = TLSTransportFactory() if url.scheme == "amqps" else TCPTransportFactory()
        reader, self._writer = await factory.create(url, **kwargs)
        if self._aborted:
            self.abort()
        return reader, self._writer

    def abort(self) -> None:
        """Idempotent; what is unsent is let go."""
        self._aborted = True
        if self._writer is not None:
            self._writer.transport.abort()
