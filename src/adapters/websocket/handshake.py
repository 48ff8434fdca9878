"""The opening handshake (RFC 6455, section 4.2): checks the request, makes the response."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha1
from typing import Final

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_OCTETS: Final = 16


class BadHandshake(Exception):
    """The request is not a WebSocket handshake. `status` is the HTTP status of the response."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def accept_value(method: str, headers: Mapping[str, str]) -> str:
    """The value of `Sec-WebSocket-Accept`. `headers` has lower-case names. Raises `BadHandshake`."""
    if method != "GET":
        raise BadHandshake(405)
    if headers.get("sec-websocket-version") != "13":
        raise BadHandshake(426)
    key = headers.get("sec-websocket-key", "").strip()
    try:
        is_key = len(b64decode(key, validate=True)) == _KEY_OCTETS
    except (binascii.Error, ValueError):
        is_key = False
    if not is_key:
        raise BadHandshake(400)
    return b64encode(sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()


def switching_protocols(accept: str, subprotocol: str | None) -> bytes:
    """The response that opens the connection."""
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    lines.append(f"Sec-WebSocket-Accept: {accept}")
    if subprotocol is not None:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
