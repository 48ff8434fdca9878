"""Reads a client's frames, and writes the server's (RFC 6455, section 5)."""

from collections.abc import Iterator
from enum import IntEnum
from typing import Final

try:
    from websockets.speedups import apply_mask
except ImportError:  # where there is no wheel for the platform
    from websockets.utils import apply_mask

MAX_FRAGMENTS: Final = 1_024
"""The most frames in a message. Empty frames cost memory too."""

_MAX_CONTROL: Final = 125
_SENDABLE_CODES: Final = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})


class Opcode(IntEnum):
    """The kinds of frames (RFC 6455, section 5.2)."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class FramingError(Exception):
    """The client broke the protocol. The connection is to be closed with `code` and `reason`."""

    def __init__(self, reason: str, code: int = 1002) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class MessageTooLarge(FramingError):
    """A message has too many octets or frames."""

    def __init__(self) -> None:
        super().__init__("message too large", 1009)


class FrameReader:
    """Reads the frames of one client. A message has at most `max_message` octets, however it is fragmented."""

    __slots__ = ("_buffer", "_fragments", "_max_message", "_message", "_needed", "_opcode")

    def __init__(self, max_message: int) -> None:
        self._max_message = max_message
        self._buffer: bytes | bytearray = b""
        self._needed = 0  # octets that the current frame has at least
        self._opcode: int | None = None  # of the current message
        self._message: bytearray | None = None  # the fragments of the current message
        self._fragments = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The messages and control frames that `data` completes, as (opcode, payload). The caller must exhaust it.

        Text is not decoded. Raises `FramingError` after the messages before the fault, and `MessageTooLarge` as soon
        as a length shows it. Do not feed anything after an error.
        """
        octets = self._buffered(data) if self._buffer else data
        place, size = 0, len(octets)
        while size - place >= max(2, self._needed):
            end = self._end_of_frame(octets, place, size)
            if end > size:
                break
            self._needed = 0
            found = self._frame(octets, place, end)
            place = end
            if found is not None:
                yield found
        self._buffer = octets[place:] if place else octets

    def _buffered(self, data: bytes) -> bytes | bytearray:
        """The octets of the current frame with `data`. A large frame is collected in place until it is complete."""
        buffer = self._buffer
        if self._needed <= len(buffer) + len(data):
            return bytes(buffer) + data
        if not isinstance(buffer, bytearray):
            buffer = bytearray(buffer)
        buffer += data
        return buffer

    def _end_of_frame(self, data: bytes | bytearray, place: int, size: int) -> int:
        """The end of the frame at `place`, or a number greater than `size`. Raises `FramingError`."""
        first, second = data[place], data[place + 1]
        opcode, length = first & 15, second & 127
        self._check_head(first, second)
        head = 6 if length < 126 else 8 if length == 126 else 14
        if length >= 126:
            if size - place < head:
                self._needed = head
                return size + 1
            length = int.from_bytes(data[place + 2 : place + head - 4])
            if length >> 63:
                raise FramingError("a length has 63 bits")
        if opcode < Opcode.CLOSE and length + len(self._message or b"") > self._max_message:
            raise MessageTooLarge
        self._needed = head + length
        return place + head + length

    def _check_head(self, first: int, second: int) -> None:
        opcode = first & 15
        if first & 0x70:
            raise FramingError("reserved bits are set")
        if not second & 0x80:
            raise FramingError("a client masks its frames")
        if opcode >= Opcode.CLOSE:
            if opcode > Opcode.PONG:
                raise FramingError("the opcode is reserved")
            if not first & 0x80 or second & 127 > _MAX_CONTROL:
                raise FramingError("a control frame is fragmented or too long")
        elif opcode > Opcode.BINARY:
            raise FramingError("the opcode is reserved")
        elif (opcode == Opcode.CONTINUATION) != (self._opcode is not None):
            raise FramingError("a message continues that has not begun, or begins within another")

    def _frame(self, data: bytes | bytearray, place: int, end: int) -> tuple[int, bytes] | None:
        first, length = data[place], data[place + 1] & 127
        mask = place + (2 if length < 126 else 4 if length == 126 else 10)
        payload = apply_mask(data[mask + 4 : end], data[mask : mask + 4])
        opcode = first & 15
        if opcode >= Opcode.CLOSE or (first & 0x80 and self._opcode is None):
            return opcode, payload
        return self._fragment(opcode, payload, is_last=bool(first & 0x80))

    def _fragment(self, opcode: int, payload: bytes, *, is_last: bool) -> tuple[int, bytes] | None:
        if self._message is None:
            self._opcode, self._message, self._fragments = opcode, bytearray(), 0
        self._fragments += 1
        if self._fragments > MAX_FRAGMENTS:
            raise MessageTooLarge
        self._message += payload
        if not is_last:
            return None
        assert self._opcode is not None
        whole = self._opcode, bytes(self._message)
        self._opcode = self._message = None
        return whole


def frame(opcode: Opcode, payload: bytes) -> bytes:
    """An unfragmented, unmasked frame of the server."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65_536:
        return bytes((0x80 | opcode, 126, size >> 8, size & 255)) + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame. Cuts `reason` to the room in a control frame."""
    return frame(Opcode.CLOSE, code.to_bytes(2) + reason.encode()[: _MAX_CONTROL - 2])


def code_to_echo(payload: bytes) -> int:
    """The code that answers the client's close frame (RFC 6455, section 5.5.1). Raises `FramingError`."""
    if not payload:
        return 1000
    code = int.from_bytes(payload[:2])
    if len(payload) < 2 or not (code in _SENDABLE_CODES or 3000 <= code < 5000):
        raise FramingError("this is not a close code")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        raise FramingError("the reason is not text", 1007) from None
    return code
