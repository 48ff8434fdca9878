"""Frames on the socket between two workers: four octets of length, then so many octets. It knows no I/O."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

MAX_FRAME = 16 * 1024 * 1024
"""Octets; one delivery is never split, and a frame of a client has far less."""
MAX_HELLO = 1_024
WELCOME = b"welcome"
"""The answer to a greeting once deliveries flow the other way; before it comes the life of who answers."""
_LENGTH = 4


class BadFrame(Exception):
    """No worker of this version sends it."""


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """The first frame: who sends, as worker `index`, in which life, and how many frames came before in this life.

    `form` says in which form the deliveries are.
    """

    secret: bytes
    form: str
    index: Annotated[int, msgspec.Meta(ge=0)]
    life: str
    sent_before: Annotated[int, msgspec.Meta(ge=0)]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Hello)


def frame(payload: bytes) -> bytes:
    """`payload` as it goes over the socket."""
    return len(payload).to_bytes(_LENGTH) + payload


def write_hello(hello: Hello) -> bytes:
    return _ENCODER.encode(hello)


def read_hello(payload: bytes) -> Hello:
    """Raises `BadFrame`."""
    try:
        return _DECODER.decode(payload)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadFrame("the first frame is no greeting") from error


class FrameReader:
    """Cuts what arrives into frames; none may be longer than `max_frame` octets."""

    def __init__(self, max_frame: int = MAX_FRAME) -> None:
        self.max_frame = max_frame
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The frames that are complete now. Raises `BadFrame` for one that is too long."""
        self._buffer += data
        while len(self._buffer) >= _LENGTH:
            length = int.from_bytes(self._buffer[:_LENGTH])
            if length > self.max_frame:
                raise BadFrame(f"a frame of {length} octets")
            end = _LENGTH + length
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[_LENGTH:end])
            del self._buffer[:end]
            yield payload
