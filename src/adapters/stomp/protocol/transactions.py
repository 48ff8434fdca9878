"""The open transactions of a connection: they hold frames until COMMIT (STOMP 1.2, "BEGIN")."""

from itertools import chain

from adapters.stomp.protocol.errors import LimitExceeded, ProtocolError
from adapters.stomp.protocol.frames.frame import Frame


class Transactions:
    """At most `max_open` transactions. Together they hold at most `max_frames` frames of at most `max_bytes` octets."""

    __slots__ = ("_frames", "_held", "_held_bytes", "_max_bytes", "_max_frames", "_max_open")

    def __init__(self, *, max_open: int, max_frames: int, max_bytes: int) -> None:
        self._max_open = max_open
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._frames: dict[str, list[Frame]] = {}
        self._held = 0
        self._held_bytes = 0

    def begin(self, name: str) -> None:
        """Opens a transaction. Raises `ProtocolError` when it is open, `LimitExceeded` when there are too many."""
        if name in self._frames:
            raise ProtocolError("this transaction is open already")
        if len(self._frames) >= self._max_open:
            raise LimitExceeded(f"at most {self._max_open} transactions may be open")
        self._frames[name] = []

    def hold(self, name: str, frame: Frame) -> None:
        """Adds a frame to a transaction. Raises `ProtocolError` when it is not open, and `LimitExceeded`."""
        frames = self._of(name)
        if self._held >= self._max_frames:
            raise LimitExceeded(f"at most {self._max_frames} frames may wait for COMMIT")
        if self._held_bytes + _size(frame) > self._max_bytes:
            raise LimitExceeded(f"at most {self._max_bytes} octets may wait for COMMIT")
        frames.append(frame)
        self._held += 1
        self._held_bytes += _size(frame)

    def end(self, name: str) -> list[Frame]:
        """Closes a transaction. Returns its frames in order. Raises `ProtocolError` when it is not open."""
        frames = self._of(name)
        del self._frames[name]
        self._held -= len(frames)
        self._held_bytes -= sum(map(_size, frames))
        return frames

    def abort_all(self) -> None:
        """Drops all transactions."""
        self._frames.clear()
        self._held = self._held_bytes = 0

    def _of(self, name: str) -> list[Frame]:
        try:
            return self._frames[name]
        except KeyError:
            raise ProtocolError("this transaction is not open") from None


def _size(frame: Frame) -> int:
    return len(frame.body) + sum(map(_octets, chain(*frame.headers.items())))


def _octets(text: str) -> int:
    return len(text.encode())
