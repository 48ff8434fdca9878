"""The state machine of a session: it decides which frame the receiver gets next. No I/O, no clock, no tasks."""

from enum import Enum, auto

from adapters.sockjs.protocol.framing import OPEN, array_frame, close_frame

ANOTHER_RECEIVER = close_frame(2010, "Another connection still open")
INTERRUPTED = close_frame(1002, "Connection interrupted")


class State(Enum):
    """The states of a session, in this order."""

    OPEN = auto()
    CLOSING = auto()
    """The service has closed the session. Every receiver gets the close frame until the session expires."""
    GONE = auto()
    """The client has gone or the session has expired."""


class SessionState:
    """The state of a session, its receiver, and its outgoing messages.

    A receiver is a request whose response carries frames to the client. At most one is attached at a time.
    """

    __slots__ = ("_close_frame", "_opened", "_outgoing", "_receiver", "state", "unsent")

    def __init__(self) -> None:
        self.state = State.OPEN
        self.unsent = 0
        """Characters of messages that no receiver has taken."""
        self._opened = False
        self._receiver: object | None = None
        self._outgoing: list[str] = []
        self._close_frame = ""

    @property
    def attached(self) -> bool:
        """Whether a receiver is attached."""
        return self._receiver is not None

    def attach(self, receiver: object) -> bool:
        """Attaches a receiver. False when another is attached: then this one is to answer `ANOTHER_RECEIVER`."""
        if self._receiver is not None:
            return False
        self._receiver = receiver
        return True

    def detach(self, receiver: object) -> bool:
        """Detaches a receiver. False when it was not attached."""
        if self._receiver is not receiver:
            return False
        self._receiver = None
        return True

    def push(self, message: str) -> None:
        """Queues a message for the next array frame."""
        self._outgoing.append(message)
        self.unsent += len(message)

    def next_frame(self) -> str | None:
        """The next frame: `o` first, then all queued messages in one array, then the close frame. None for nothing."""
        if not self._opened:
            self._opened = True
            return OPEN
        if self._outgoing:
            frame = array_frame(self._outgoing)
            self._outgoing.clear()
            self.unsent = 0
            return frame
        return self._close_frame if self.state is State.CLOSING else None

    def close(self, code: int, reason: str) -> None:
        """Closes an open session with a close frame."""
        if self.state is State.OPEN:
            self.state = State.CLOSING
            self._close_frame = close_frame(code, reason)

    def vanish(self) -> None:
        """Ends the session. Drops the queued messages."""
        self.state = State.GONE
        self._receiver = None
        self._outgoing.clear()
        self.unsent = 0
