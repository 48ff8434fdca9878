"""Stands between a socket and its protocol, and reads a little at a time, so that other connections get their turn."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

AT_ONCE: Final = 4_096
"""Octets of one connection that are read in one turn of the event loop. HTTP chunks of one octet cost 30 ms then."""

_buffer: Final = memoryview(bytearray(AT_ONCE))  # shared by all connections, as each handles what it has read at once


class ReadingGate(asyncio.BufferedProtocol):
    """The protocol of the transport, and the transport of `inner`."""

    def __init__(self, inner: asyncio.Protocol) -> None:
        self._inner = inner
        self._is_held = False
        self._inner_reads = True

    def connection_made(self, transport: Any) -> None:
        """Begins a connection. asyncio calls it."""
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self.write = transport.write  # without a call in between, as every message takes this path
        self._inner.connection_made(self)  # type: ignore[arg-type]

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the connection. asyncio calls it."""
        inner, self._inner = self._inner, asyncio.Protocol()  # breaks a reference cycle
        inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Passed on to `inner`."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Passed on to `inner`."""
        self._inner.resume_writing()

    def eof_received(self) -> bool | None:
        """Passed on to `inner`."""
        return self._inner.eof_received()

    def get_buffer(self, sizehint: int) -> memoryview:
        """The buffer for the next read. asyncio calls it."""
        return _buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Hands what was read to `inner`. asyncio calls it."""
        if nbytes == AT_ONCE:  # there may be more
            self._is_held = True
            self._transport.pause_reading()
            self._loop.call_soon(self._go_on)
        self._inner.data_received(bytes(_buffer[:nbytes]))

    def _go_on(self) -> None:
        self._is_held = False
        if self._inner_reads and not self._transport.is_closing():
            self._transport.resume_reading()

    def pause_reading(self) -> None:
        """Stops to read."""
        self._inner_reads = False
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Goes on to read."""
        self._inner_reads = True
        if not self._is_held:
            self._transport.resume_reading()

    def set_protocol(self, inner: asyncio.Protocol) -> None:
        """Replaces `inner`."""
        self._inner = inner

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Passed on to the transport."""
        return self._transport.get_extra_info(name, default)

    def get_write_buffer_size(self) -> int:
        """Passed on to the transport."""
        size: int = self._transport.get_write_buffer_size()
        return size

    def is_closing(self) -> bool:
        """Passed on to the transport."""
        closing: bool = self._transport.is_closing()
        return closing

    def close(self) -> None:
        """Passed on to the transport."""
        self._transport.close()

    def abort(self) -> None:
        """Passed on to the transport."""
        self._transport.abort()


def gated(protocol: Callable[..., asyncio.Protocol]) -> Callable[..., ReadingGate]:
    """A factory of the protocols of `protocol`, each behind a gate."""

    def make(*arguments: Any, **named: Any) -> ReadingGate:
        return ReadingGate(protocol(*arguments, **named))

    return make
