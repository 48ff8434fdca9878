"""The frames of one WebSocket: of a message that is too large nothing is kept."""

from collections.abc import Generator

from websockets.exceptions import PayloadTooBig
from websockets.frames import CloseCode, Frame, Opcode
from websockets.server import ServerProtocol

MAX_FRAGMENTS = 1_024
"""Frames of one message: empty ones cost memory too."""


class BoundedFrames(ServerProtocol):
    """`too_large` once a message was; what the client sends from then on is dropped, so that it can be told why."""

    too_large = False
    _fragments = 0

    def recv_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CONT:
            self._fragments += 1
            if self._fragments > MAX_FRAGMENTS:
                raise PayloadTooBig(self._fragments, MAX_FRAGMENTS)
        elif frame.opcode is Opcode.TEXT or frame.opcode is Opcode.BINARY:
            self._fragments = 0
        super().recv_frame(frame)

    def fail(self, code: int, reason: str = "") -> None:
        if code != CloseCode.MESSAGE_TOO_BIG:
            super().fail(code, reason)
            return
        self.too_large = True
        self.reader.discard()
        self.parser = self._drop_all()
        next(self.parser)

    def release(self) -> None:
        """Lets go of what has been received."""
        self.reader.discard()
        self.events.clear()

    def _drop_all(self) -> Generator[None]:
        while not (yield from self.reader.at_eof()):
            self.reader.discard()
        yield
