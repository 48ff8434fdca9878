"""Frames on the socket between two workers, without I/O: four octets of length, then the payload."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

MAX_FRAME = 16 * 1024 * 1024
"""Octets. A delivery is never split, but a client's frame, and so a delivery, is far smaller."""
MAX_HELLO = 1_024
WELCOME = b"welcome"
"""The second answer to a hello: the other worker's own link is up. The first is its incarnation."""
_LENGTH = 4


class BadFrame(Exception):
    """A frame that no worker of this version sends."""


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """The first frame of a connection, from worker `index`.

    `incarnation` identifies the run of that worker: it changes when the worker is restarted. `sent_before` is the
    number of frames that this run has offered on earlier connections. `content_type` is that of the deliveries.
    """

    secret: bytes
    content_type: str
    index: Annotated[int, msgspec.Meta(ge=0)]
    incarnation: str
    sent_before: Annotated[int, msgspec.Meta(ge=0)]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Hello)


def frame(payload: bytes) -> bytes:
    """`payload` with its length in front."""
    return len(payload).to_bytes(_LENGTH) + payload


def write_hello(hello: Hello) -> bytes:
    """The payload of a hello."""
    return _ENCODER.encode(hello)


def read_hello(payload: bytes) -> Hello:
    """The hello in a payload. Raises `BadFrame` for anything else."""
    try:
        return _DECODER.decode(payload)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadFrame("the first frame is not a hello") from error


class FrameReader:
    """Splits a byte stream into frames of at most `max_frame` octets."""

    def __init__(self, max_frame: int = MAX_FRAME) -> None:
        self.max_frame = max_frame
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The payloads of the frames that `data` completes. Raises `BadFrame` for a frame that is too long."""
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
