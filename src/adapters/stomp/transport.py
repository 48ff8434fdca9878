"""The transport of a connection, which is a WebSocket or a SockJS session, and the receiver that it calls."""

from enum import Enum
from typing import NamedTuple, Protocol


class Close(NamedTuple):
    """A WebSocket close code (RFC 6455, section 7.4) and its reason."""

    code: int
    reason: str


class CloseReason(Enum):
    """The ways in which the service ends a connection."""

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
    """Carries messages to and from one client. No method waits, or raises when the client has gone."""

    def send(self, text: str, *, binary: bool = False) -> bool:
        """Sends a STOMP frame or heart-beat as one message, `binary` if the transport has binary messages.

        True when the transport has taken it. False while it only keeps it, with all later messages. It calls
        `Receiver.writable` when it has taken all of them. It never takes messages for a client that has gone.
        """
        ...

    def pause_reading(self) -> None:
        """Stops reading from the client. Messages that were read before may still arrive."""
        ...

    def resume_reading(self) -> None:
        """Reads from the client again."""
        ...

    def close(self, close: Close) -> None:
        """Closes the connection after the messages taken before, then calls `Receiver.lost`. To be called once."""
        ...


class Receiver(Protocol):
    """Serves a client. Its transport calls it from the event loop, never within a call to the transport."""

    def received(self, data: str | bytes) -> None:
        """Handles a message of the client."""
        ...

    def oversized(self) -> None:
        """The client sent a message that is too large. The transport has dropped it."""
        ...

    def writable(self) -> None:
        """The transport has taken all messages that it kept."""
        ...

    def lost(self) -> None:
        """The connection has ended. This is the last call."""
        ...
