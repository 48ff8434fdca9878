"""Checks the size of a client's messages before they are decoded."""

from adapters.stomp.protocol.errors import FrameTooLarge
from adapters.stomp.protocol.limits import SessionLimits

LEAST = 64  # octets that a message counts as at least, before CONNECT


class Intake:
    """Counts the messages and frames of a connection. `steps` is their number so far."""

    __slots__ = ("_before_connect", "_frames", "_limits", "steps")

    def __init__(self, limits: SessionLimits) -> None:
        self._limits = limits
        self._before_connect = 0
        self._frames = 0
        self.steps = 0

    def message(self, data: str | bytes, *, before_connect: bool) -> None:
        """Counts a message. Raises `FrameTooLarge` for one that is too long (contract, section 7)."""
        self.steps += 1
        self._frames = 0
        # checks characters first, so that it never counts more octets than a few times the limit
        size = len(data)
        if size <= self._limits.max_message_bytes and isinstance(data, str):
            size = size if data.isascii() else len(data.encode(errors="surrogatepass"))
        if size > self._limits.max_message_bytes:
            raise FrameTooLarge(f"a message has at most {self._limits.max_message_bytes} octets")
        if before_connect:
            self._before_connect += max(size, LEAST)
            if self._before_connect > self._limits.max_connect_bytes:
                raise FrameTooLarge(f"at most {self._limits.max_connect_bytes} octets may come before CONNECT")

    def frame(self) -> None:
        """Counts a frame of the current message. Raises `FrameTooLarge` when there are too many."""
        self.steps += 1
        self._frames += 1
        if self._frames > self._limits.max_message_frames:
            raise FrameTooLarge(f"a message has at most {self._limits.max_message_frames} frames")
