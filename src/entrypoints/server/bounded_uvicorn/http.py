"""HTTP/1.1 that bounds the time of request heads and the number of chunks, and handles upgrades itself."""

import asyncio
import logging
import sys
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from application.diagnostics.seldom_log import SeldomLog
from entrypoints.asgi.sockets import Sockets
from entrypoints.server.bounded_uvicorn.upgrade import open_socket, refuse

HEAD_TIMEOUT = 10.0
"""Seconds for one head, from the connection or from its first octet. Granian has the same limit."""

MAX_LINES = 2_000
"""Lines of a chunked request. Each chunk has two, and costs 40 µs whatever its size."""

HEAD_TOO_LARGE: Final = 431  # RFC 6585, section 5

_seldom = SeldomLog(logging.getLogger(__name__))


class BoundedHttp(H11Protocol):
    """`sockets` serves WebSockets. Their messages may have `max_message` octets."""

    def __init__(self, sockets: Sockets, max_message: int, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._sockets = sockets
        self._max_message = max_message

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins a connection."""
        super().connection_made(transport)
        self._too_late: asyncio.TimerHandle | None = None
        self._lines = 0
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Handles octets."""
        self._lines += data.count(b"\r\n")
        if self._lines > MAX_LINES and self._comes_in_chunks():
            self.transport.abort()
            return
        super().data_received(data)
        if self.conn.their_state is not h11.SEND_BODY:
            self._lines = 0
        if self.conn.their_state is h11.IDLE:
            self._expect_head()
        else:
            self._forget_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the connection."""
        self._forget_head()
        super().connection_lost(exc)
        if self.cycle is not None:
            self.cycle.body = bytearray()

    def handle_websocket_upgrade(self, event: Any) -> None:
        """Answers an upgrade."""
        self._forget_head()
        self.connections.discard(self)
        socket = open_socket(self._sockets, dict(self.scope), self.transport, self._max_message, self.connections)
        if socket is None:
            return
        self.transport.set_protocol(socket)
        ahead, _ = self.conn.trailing_data  # when the client did not wait for the answer
        if ahead:
            socket.data_received(ahead)

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP request, or has too large a head. uvicorn calls it, and has logged `msg`."""
        error = sys.exception()
        if isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == HEAD_TOO_LARGE:
            _seldom(logging.WARNING, "requests are refused with 431: the head of one is too large")
            refuse(self.transport, HEAD_TOO_LARGE)
        else:
            super().send_400_response(msg)

    def _comes_in_chunks(self) -> bool:
        is_body = self.conn.their_state is h11.SEND_BODY
        return is_body and any(name == b"transfer-encoding" for name, _ in self.headers)

    def _expect_head(self) -> None:
        if self._too_late is None:
            self._too_late = self.loop.call_later(HEAD_TIMEOUT, self.transport.close)

    def _forget_head(self) -> None:
        if self._too_late is not None:
            self._too_late.cancel()
            self._too_late = None
