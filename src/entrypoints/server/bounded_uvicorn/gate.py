"""Between a socket and its protocol: a little is read at a time, and then others have their turn."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

AT_ONCE: Final = 4_096
"""Octets of one connection that are taken in before the event loop goes round: chunks of one octet cost 30 ms then."""

_buffer: Final = memoryview(bytearray(AT_ONCE))  # for all: what is read is handed on before anybody else reads


class ReadingGate(asyncio.BufferedProtocol):
    """The protocol of the transport, and the transport of `inner`."""

    def __init__(self, inner: asyncio.Protocol) -> None:
        self._inner = inner
        self._is_held = False
        self._inner_reads = True

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self.write = transport.write  # a way of its own: every message takes it
        self._inner.connection_made(self)  # type: ignore[arg-type]

    def connection_lost(self, exc: Exception | None) -> None:
        inner, self._inner = self._inner, asyncio.Protocol()  # no circle keeps what it holds
        inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def get_buffer(self, sizehint: int) -> memoryview:
        return _buffer

    def buffer_updated(self, nbytes: int) -> None:
        if nbytes == AT_ONCE:  # there is more
            self._is_held = True
            self._transport.pause_reading()
            self._loop.call_soon(self._go_on)
        self._inner.data_received(bytes(_buffer[:nbytes]))

    def _go_on(self) -> None:
        self._is_held = False
        if self._inner_reads and not self._transport.is_closing():
            self._transport.resume_reading()

    def pause_reading(self) -> None:
        self._inner_reads = False
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._inner_reads = True
        if not self._is_held:
            self._transport.resume_reading()

    def set_protocol(self, inner: asyncio.Protocol) -> None:
        self._inner = inner

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def get_write_buffer_size(self) -> int:
        size: int = self._transport.get_write_buffer_size()
        return size

    def is_closing(self) -> bool:
        closing: bool = self._transport.is_closing()
        return closing

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()


def gated(protocol: Callable[..., asyncio.Protocol]) -> Callable[..., ReadingGate]:
    """Makes protocols as `protocol` does, each behind a gate."""

    def make(*arguments: Any, **named: Any) -> ReadingGate:
        return ReadingGate(protocol(*arguments, **named))

    return make
