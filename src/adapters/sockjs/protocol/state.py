"""The protocol of one session as a state machine: what its receiver is told next. No I/O, no clock, no tasks."""

from enum import Enum, auto

from adapters.sockjs.protocol.framing import OPEN, array_frame, close_frame

ANOTHER_RECEIVER = close_frame(2010, "Another connection still open")
INTERRUPTED = close_frame(1002, "Connection interrupted")


class State(Enum):
    OPEN = auto()
    CLOSING = auto()
    """Closed by us: every receiver that comes is told so until the session expires."""
    GONE = auto()
    """The client vanished or the session expired; it is as if it had never been."""


class SessionState:
    """At most one receiver (a request that waits for frames) is attached at a time; messages go out in order."""

    __slots__ = ("_close_frame", "_opened", "_outgoing", "_receiver", "state", "unsent")

    def __init__(self) -> None:
        self.state = State.OPEN
        self.unsent = 0
        """Characters that were pushed and not taken."""
        self._opened = False
        self._receiver: object | None = None
        self._outgoing: list[str] = []
        self._close_frame = ""

    @property
    def attached(self) -> bool:
        return self._receiver is not None

    def attach(self, receiver: object) -> bool:
        """False when another one is attached: this one gets `ANOTHER_RECEIVER` and goes away."""
        if self._receiver is not None:
            return False
        self._receiver = receiver
        return True

    def detach(self, receiver: object) -> bool:
        """False when it was not attached, or not any more."""
        if self._receiver is not receiver:
            return False
        self._receiver = None
        return True

    def push(self, message: str) -> None:
        self._outgoing.append(message)
        self.unsent += len(message)

    def next_frame(self) -> str | None:
        """What the receiver is told now: `o` once, all messages in one array, the close frame last; None is nothing."""
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
        if self.state is State.OPEN:
            self.state = State.CLOSING
            self._close_frame = close_frame(code, reason)

    def vanish(self) -> None:
        """What has not gone out never will."""
        self.state = State.GONE
        self._receiver = None
        self._outgoing.clear()
        self.unsent = 0
