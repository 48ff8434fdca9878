"""The transport `websocket`: SockJS frames over one WebSocket, whose session lives as long as the WebSocket."""

import asyncio
from time import monotonic

from adapters.sockjs.protocol.framing import (
    HEARTBEAT,
    OPEN,
    BrokenFraming,
    PayloadExpected,
    TooManyMessages,
    array_frame,
    close_frame,
    read_messages,
)
from adapters.sockjs.protocol.limits import SockJsLimits
from adapters.sockjs.protocol.surrogates import SurrogateJoiner
from adapters.stomp.transport import Close, Receiver, Transport

BROKEN = Close(1007, "Broken framing.")


class SockJsSocket:
    """The receiver of a WebSocket, and the transport of the STOMP connection above it."""

    __slots__ = ("_beat", "_last_sent", "_limits", "_receiver", "_socket", "_surrogates")

    def __init__(self, socket: Transport, limits: SockJsLimits) -> None:
        self._socket = socket
        self._limits = limits
        self._surrogates = SurrogateJoiner()
        self._receiver: Receiver | None = None
        self._last_sent = monotonic()
        self._beat: asyncio.TimerHandle | None = None

    def serve(self, receiver: Receiver) -> None:
        """`receiver` serves the client from now on."""
        self._receiver = receiver
        self._beat_later(self._limits.heartbeat)

    def open(self) -> None:
        """Sends the open frame."""
        self._frame(OPEN)

    def received(self, data: str | bytes) -> None:
        """Handles a message. Ends the connection when the framing is broken (protocol: "abruptly terminate")."""
        if not data or self._receiver is None:
            return
        if len(data) > self._limits.max_body:
            self._receiver.oversized()
            return
        try:
            messages = self._surrogates.join(read_messages(data, self._limits.max_messages))
        except TooManyMessages:
            self._receiver.oversized()
        except (BrokenFraming, PayloadExpected):
            self._socket.close(BROKEN)
        else:
            for message in messages:
                self._receiver.received(message)

    def oversized(self) -> None:
        """Handles a message that was too large."""
        if self._receiver is not None:
            self._receiver.oversized()

    def writable(self) -> None:
        """Passed on to the receiver."""
        if self._receiver is not None:
            self._receiver.writable()

    def lost(self) -> None:
        """Passed on to the receiver."""
        if self._beat is not None:
            self._beat.cancel()
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.lost()

    def send(self, text: str, *, binary: bool = False) -> bool:
        """Sends a message, always as text: SockJS has no binary messages."""
        return self._frame(array_frame((text,)))

    def pause_reading(self) -> None:
        """Passed on to the WebSocket."""
        self._socket.pause_reading()

    def resume_reading(self) -> None:
        """Passed on to the WebSocket."""
        self._socket.resume_reading()

    def close(self, close: Close) -> None:
        """Sends the close frame, and closes the WebSocket."""
        self._frame(close_frame(close.code, close.reason))
        self._socket.close(close)

    def _frame(self, frame: str) -> bool:
        self._last_sent = monotonic()
        return self._socket.send(frame)

    def _beat_if_idle(self) -> None:
        left = self._last_sent + self._limits.heartbeat - monotonic()
        if left <= 0:
            self._frame(HEARTBEAT)
            left = self._limits.heartbeat
        self._beat_later(left)

    def _beat_later(self, seconds: float) -> None:
        self._beat = asyncio.get_running_loop().call_later(seconds, self._beat_if_idle)
