"""An AMQP producer that writes the properties of a message octet by octet, also wrong ones."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from pamqp import commands, frame
from pamqp.header import ProtocolHeader

FLAGS = {
    "content_type": 15,
    "content_encoding": 14,
    "headers": 13,
    "delivery_mode": 12,
    "priority": 11,
    "correlation_id": 10,
    "message_id": 7,
    "timestamp": 6,
    "message_type": 5,
    "app_id": 3,
}
"""The properties in the order in which they are written, with their bits."""


def short(text: bytes) -> bytes:
    return bytes([len(text)]) + text


def long(octets: bytes) -> bytes:
    return len(octets).to_bytes(4, "big") + octets


def table(*fields: tuple[bytes, bytes]) -> bytes:
    """A field table; each value begins with the octet of its type."""
    return long(b"".join(short(name) + value for name, value in fields))


def nested(depth: int) -> bytes:
    inner = table()
    for _ in range(depth):
        inner = table((b"t", b"F" + inner))
    return inner


def nested_arrays(depth: int) -> bytes:
    inner = b"A" + long(b"")
    for _ in range(depth):
        inner = b"A" + long(inner)
    return table((b"a", inner))


class RawProducer:
    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 10)
        self._reader = self._socket.makefile("rb")
        self._socket.sendall(frame.marshal(ProtocolHeader(), 0))
        self._next(commands.Connection.Start)
        self._say(commands.Connection.StartOk({}, "PLAIN", "\0guest\0guest", "en_US"), 0)
        self._next(commands.Connection.Tune)
        self._say(commands.Connection.TuneOk(1, 131_072, 0), 0)
        self._say(commands.Connection.Open("/"), 0)
        self._next(commands.Connection.OpenOk)
        self._say(commands.Channel.Open(), 1)
        self._next(commands.Channel.OpenOk)
        self._say(commands.Confirm.Select(), 1)
        self._next(commands.Confirm.SelectOk)

    def publish(self, exchange: str, routing_key: str, body: bytes, **properties: bytes) -> None:
        """Each property as it is on the wire. Returns when the broker has confirmed it."""
        flags = sum(1 << FLAGS[name] for name in properties)
        written = b"".join(properties[name] for name in FLAGS if name in properties)
        header = struct.pack(">HHQH", 60, 0, len(body), flags) + written
        self._say(commands.Basic.Publish(exchange=exchange, routing_key=routing_key), 1)
        self._socket.sendall(struct.pack(">BHI", 2, 1, len(header)) + header + b"\xce")
        self._socket.sendall(struct.pack(">BHI", 3, 1, len(body)) + body + b"\xce")
        self._next(commands.Basic.Ack)

    def close(self) -> None:
        self._reader.close()
        self._socket.close()

    def _say(self, method: frame.FrameTypes, channel: int) -> None:
        self._socket.sendall(frame.marshal(method, channel))

    def _next(self, expected: type) -> None:
        head = self._reader.read(7)
        _, _, length = frame.frame_parts(head)
        assert length is not None
        _, _, value = frame.unmarshal(head + self._reader.read(length + 1))
        assert isinstance(value, expected), value


@contextmanager
def raw_producer(port: int) -> Iterator[RawProducer]:
    producer = RawProducer(port)
    try:
        yield producer
    finally:
        producer.close()
