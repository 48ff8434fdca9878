"""Answers an upgrade: opens a WebSocket, or refuses."""

import asyncio
import logging
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from adapters.websocket.handshake import BadHandshake, accept_value, switching_protocols
from application.diagnostics.seldom_log import SeldomLog
from entrypoints.asgi.admission import Refused
from entrypoints.asgi.sockets import Sockets
from entrypoints.asgi.types import Scope, headers_of
from entrypoints.server.bounded_uvicorn.websocket import WebSocket

NO_BODY: Final = MappingProxyType({"connection": "close", "content-length": "0"})
_seldom = SeldomLog(logging.getLogger(__name__))


def open_socket(
    sockets: Sockets, scope: Scope, transport: asyncio.Transport, max_message: int, open_ones: set[Any]
) -> WebSocket | None:
    """Answers the upgrade in `scope`. Returns None when it is refused; then the connection ends.

    Keeps `open_ones` up to date.
    """
    headers = headers_of(scope)
    try:
        accept = accept_value(scope["method"], headers)
        accepted = sockets.admit({**scope, "type": "websocket", "subprotocols": _offered(scope)})
    except BadHandshake as error:
        _seldom(logging.INFO, f"upgrades are refused with {error.status}: they are no handshakes of RFC 6455")
        refuse(transport, error.status)
        return None
    except Refused as refused:
        refused.log()
        refuse(transport, refused.status, refused.body_headers | refused.headers, refused.body)
        return None

    def forget(gone: WebSocket) -> None:
        open_ones.discard(gone)
        accepted.place.leave()

    transport.write(switching_protocols(accept, accepted.subprotocol))
    socket = WebSocket(transport, max_message, forget)
    open_ones.add(socket)
    socket.serve(accepted.serve(socket))
    return socket


def _offered(scope: Scope) -> list[str]:
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"sec-websocket-protocol"]
    return [name for name in map(str.strip, ",".join(lines).split(",")) if name]


def refuse(transport: asyncio.Transport, status: int, headers: Mapping[str, str] = NO_BODY, body: bytes = b"") -> None:
    """Answers with `status`, and ends the connection."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    transport.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)
    transport.close()
