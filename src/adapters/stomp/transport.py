"""What carries the frames of one connection: a WebSocket, or a SockJS session. Callbacks in both directions."""

from enum import Enum
from typing import NamedTuple, Protocol


class Close(NamedTuple):
    """A WebSocket close code (RFC 6455, 7.4) with its reason."""

    code: int
    reason: str


class CloseReason(Enum):
    """Every way in which a connection ends from our side."""

    NORMAL = Close(1000, "bye")
    SHUTDOWN = Close(1001, "the service is restarting")
    RESUME = Close(1012, "something may have been missed: reconnect and resume")
    PROTOCOL_ERROR = Close(1002, "protocol error")
    TOO_LARGE = Close(1009, "frame too large")
    POLICY = Close(1008, "not allowed")
    TOKEN_EXPIRED = Close(1008, "token expired")
    SLOW_CONSUMER = Close(1008, "reading too slowly")
    IDLE = Close(1008, "heart-beat missed")
    UNAVAILABLE = Close(1013, "try again later")
    FAILURE = Close(1011, "internal error")


class Transport(Protocol):
    """The way to one client. None of these waits, and none of them raises when the client has gone."""

    def send(self, text: str, *, binary: bool = False) -> bool:
        """Sends one STOMP frame (or beat) as one message, `binary` where the transport has such messages.

        True when it was taken. False while it is only kept, with all that is sent meanwhile: `Receiver.writable` tells
        that all of it was taken. What is kept for a client that has gone is never taken.
        """
        ...

    def pause_reading(self) -> None:
        """Receives nothing more, but for what has been read already."""
        ...

    def resume_reading(self) -> None: ...

    def close(self, close: Close) -> None:
        """Tells the client after what was taken, then calls `Receiver.lost`. Called once, and nothing is sent after."""
        ...


class Receiver(Protocol):
    """Whoever serves the client. A transport calls it from the event loop, never from within a call of its own."""

    def received(self, data: str | bytes) -> None:
        """One message of the client."""
        ...

    def oversized(self) -> None:
        """The client sent a message of which the transport kept nothing, because it is too large."""
        ...

    def writable(self) -> None:
        """All that was kept is taken."""
        ...

    def lost(self) -> None:
        """The last call: the client has gone, or was told the close."""
        ...
