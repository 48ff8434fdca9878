"""A WebSocket that refuses what is too large or never read, and lets go of everything at its end."""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode

from entrypoints.asgi.types import MESSAGE_TOO_LARGE
from entrypoints.server.bounded_uvicorn.frames import BoundedFrames

MAX_UNREAD_PONGS = 524_288
"""Octets that wait for a client which sends but does not read."""
MAX_DROPPED = 64 * 1024 * 1024
"""Octets of a refused message that are read for nothing: a client that is still sending reads no answer."""
QUIET = 1.0
"""Seconds without a further octet after which a refused client has read the answer, or never will."""

_REFUSED_HEAD = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """An event of the type `MESSAGE_TOO_LARGE` tells the application of a message over `ws_max_size`."""

    conn: BoundedFrames

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.conn = BoundedFrames(max_size=self.config.ws_max_size, logger=self.logger)
        self._dropped = 0
        self._is_refused = False
        self._quiet: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        self.conn.receive_data(data)
        if self.conn.too_large:
            self.handle_events()  # of what came before
            self._refuse(len(data))
        elif self.conn.handshake_exc is not None:
            self.transport.write(_REFUSED_HEAD)
            self.transport.close()
        elif self.conn.parser_exc is not None and self.conn.close_sent is None:
            self.transport.abort()  # before the upgrade was answered no close frame can be
        elif self.conn.parser_exc is not None:
            self.handle_parser_exception()
        else:
            self.handle_events()
            if self.transport.get_write_buffer_size() > MAX_UNREAD_PONGS:
                self.transport.abort()

    def send_receive_event_to_app(self) -> None:
        data, self.frames = b"".join(self.frames), []
        if self.close_sent:
            return
        try:
            content = {"text": data.decode()} if self.curr_msg_data_type == "text" else {"bytes": data}
        except UnicodeDecodeError:
            self.conn.send_close(CloseCode.INVALID_DATA)
            self.handle_parser_exception()
            return
        self._tell({"type": "websocket.receive"} | content)
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if self._is_refused and self.close_sent:
            self._expect_quiet()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._quiet is not None:
            self._quiet.cancel()
        self.frames = []
        self.conn.release()

    def _refuse(self, octets: int) -> None:
        self._dropped += octets
        if not self._is_refused:
            self._is_refused = True
            self.frames = []
            self._tell({"type": MESSAGE_TOO_LARGE})
        elif self._dropped > MAX_DROPPED:
            self.transport.abort()
        elif self.close_sent:
            self._expect_quiet()

    def _expect_quiet(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
        self._quiet = self.loop.call_later(QUIET, self.transport.close)

    def _tell(self, event: Any) -> None:
        self.queue.put_nowait(event)
