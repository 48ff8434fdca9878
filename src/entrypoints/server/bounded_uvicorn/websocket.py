"""A WebSocket directly on the socket.

Handles each message, and writes the answers, in the call that reads the octets.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from adapters.stomp.transport import Close, Receiver
from adapters.websocket.framing import (
    FrameReader,
    FramingError,
    MessageTooLarge,
    Opcode,
    close_frame,
    code_to_echo,
    frame,
)

CLOSE_TIMEOUT: Final = 5.0
"""Seconds in which a client may read what is left, and answer the close."""
MAX_UNREAD_PONGS: Final = 524_288
"""Octets of pongs that wait for a client which does not read."""
MAX_DROPPED: Final = 64 * 1024 * 1024
"""Octets of a refused message that are discarded, as a client that is still sending does not read the answer."""
QUIET: Final = 1.0
"""Seconds without an octet of a refused client after which the connection ends."""


class WebSocket(asyncio.Protocol):
    """The STOMP transport over `transport`, after the answer to the upgrade.

    Calls `on_lost` when the connection has ended.
    """

    __slots__ = (
        "_close_sent",
        "_dropped",
        "_is_kept",
        "_is_reading",
        "_on_lost",
        "_reader",
        "_receiver",
        "_timer",
        "_transport",
        "_write",
    )

    def __init__(self, transport: asyncio.Transport, max_message: int, on_lost: Callable[["WebSocket"], None]) -> None:
        self._transport = transport
        self._write = transport.write
        self._reader: FrameReader | None = FrameReader(max_message)
        self._receiver: Receiver | None = None
        self._on_lost = on_lost
        self._is_kept = False  # whether octets wait for room in the kernel
        self._is_reading = True
        self._close_sent = False
        self._dropped = 0
        self._timer: asyncio.TimerHandle | None = None

    def serve(self, receiver: Receiver) -> None:
        """`receiver` serves the client from now on."""
        self._receiver = receiver

    def send(self, text: str, *, binary: bool = False) -> bool:
        """Sends a message. Returns whether the kernel took it."""
        if self._close_sent or self._transport.is_closing():
            return False
        self._write(frame(Opcode.BINARY if binary else Opcode.TEXT, text.encode()))
        return not self._is_kept

    def pause_reading(self) -> None:
        """Stops to read."""
        if self._is_reading:
            self._is_reading = False
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Goes on to read."""
        if not self._is_reading:
            self._is_reading = True
            self._transport.resume_reading()

    def close(self, close: Close) -> None:
        """Sends a close frame. The connection is lost when the client has answered, or after `CLOSE_TIMEOUT`."""
        if not self._close_sent:
            self._send_close(*close)
        self.resume_reading()  # to read the answer

    def shutdown(self) -> None:
        """Ends the connection, as the server stops."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Handles octets. asyncio calls it."""
        if self._reader is None:
            self._drop(len(data))
            return
        try:
            for opcode, payload in self._reader.feed(data):
                if opcode == Opcode.TEXT:
                    self._tell(payload.decode())
                elif opcode == Opcode.BINARY:
                    self._tell(payload)
                else:
                    self._control(opcode, payload)
        except MessageTooLarge:
            self._reader = None
            if self._receiver is not None:
                self._receiver.oversized()
        except FramingError as error:
            self._fail(error.code, error.reason)
        except UnicodeDecodeError:
            self._fail(1007, "the text is not UTF-8")

    def eof_received(self) -> bool | None:
        """Ends the connection. asyncio calls it."""
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """Notes the end. asyncio calls it."""
        self._reader = None
        if self._timer is not None:
            self._timer.cancel()
        self._leave()
        self._on_lost(self)

    def pause_writing(self) -> None:
        """Notes that the kernel has no room. asyncio calls it."""
        self._is_kept = True

    def resume_writing(self) -> None:
        """Notes that the kernel has room. asyncio calls it."""
        self._is_kept = False
        if self._receiver is not None:
            self._receiver.writable()

    def _tell(self, message: str | bytes) -> None:
        if self._receiver is not None:
            self._receiver.received(message)

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == Opcode.PING and not self._close_sent and not self._transport.is_closing():
            self._write(frame(Opcode.PONG, payload))
            if self._transport.get_write_buffer_size() > MAX_UNREAD_PONGS:
                self._transport.abort()
        elif opcode == Opcode.CLOSE:
            if not self._close_sent:
                self._send_close(code_to_echo(payload))
            self._transport.close()

    def _fail(self, code: int, reason: str) -> None:
        """Fails the connection. Reads nothing more, as octets after a fault have no meaning."""
        if not self._close_sent:
            self._send_close(code, reason)
        self._reader = None
        self._leave()
        self._expect_quiet()

    def _send_close(self, code: int, reason: str = "") -> None:
        self._close_sent = True
        self._write(close_frame(code, reason))
        self._wait(CLOSE_TIMEOUT, self._transport.abort)

    def _drop(self, octets: int) -> None:
        self._dropped += octets
        if self._dropped > MAX_DROPPED:
            self._transport.abort()
        elif self._close_sent:
            self._expect_quiet()

    def _expect_quiet(self) -> None:
        self._wait(QUIET, self._transport.close)

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _leave(self) -> None:
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.lost()
