"""What a SockJS endpoint serves, whatever carries it."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from adapters.stomp.transport import Transport


class Client(NamedTuple):
    """What is known of a client before its first message: of its first request, or of its WebSocket's handshake."""

    authorization: str | None = None
    subprotocol: str | None = None


Application = Callable[[Transport, Client], Awaitable[None]]
"""Serves one client until either side ends it."""
