"""What carries the frames of one connection: a WebSocket, or a SockJS session."""

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
    async def receive(self) -> str | bytes | None:
        """The next message of the client; None when it has gone."""
        ...

    async def send(self, text: str, *, binary: bool = False) -> None:
        """Sends one STOMP frame (or beat) as one message, `binary` where the transport has such messages.

        Raises OSError or RuntimeError when the client has gone.
        """
        ...

    async def close(self, close: Close) -> None:
        """Called once, with neither `receive` nor `send` in progress; may raise as `send` does."""
        ...
