"""What a SockJS endpoint serves, whatever carries it."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from adapters.stomp.transport import Transport
from adapters.stomp.waiting_room import Place


class Client(NamedTuple):
    """What is known of a client before its first message: of its first request, or of its WebSocket's handshake.

    It leaves `place` when its CONNECT is accepted.
    """

    authorization: str | None = None
    subprotocol: str | None = None
    place: Place | None = None


Application = Callable[[Transport, Client], Awaitable[None]]
"""Serves one client until either side ends it."""
