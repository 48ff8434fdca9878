"""The protocol of a connection as a state machine: octets in, events out, and the text of the answers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from adapters.stomp.protocol.client_frames import ClientFrames
from adapters.stomp.protocol.errors import ProtocolError
from adapters.stomp.protocol.events import Connect, Disconnect, Event
from adapters.stomp.protocol.frames.decoder import FrameDecoder
from adapters.stomp.protocol.frames.encoder import write_frame
from adapters.stomp.protocol.frames.frame import Frame
from adapters.stomp.protocol.intake import Intake
from adapters.stomp.protocol.limits import SessionLimits
from adapters.stomp.protocol.negotiation.credentials import authorization_of
from adapters.stomp.protocol.negotiation.heartbeat import HeartBeat
from adapters.stomp.protocol.negotiation.version import Version, negotiate_version
from adapters.stomp.protocol.state import TRANSITIONS, State
from adapters.stomp.protocol.subscriptions import Subscriptions
from domain.errors import ChatError


class StompSession:
    """The protocol of one connection. A driver feeds it, acts on its events, and writes the texts that it returns.

    `server` is the name and version for CONNECTED, `subprotocol` the agreed WebSocket subprotocol, `heartbeat` our
    offer for both directions in seconds, 0 for none. The driver answers a `ProtocolError` with `fail`, then closes the
    connection.
    """

    __slots__ = ("_decoder", "_frames", "_intake", "_offer", "_server", "_subprotocol", "heart_beat", "state")

    def __init__(
        self,
        *,
        server: str,
        subprotocol: str | None = None,
        heartbeat: float,
        limits: SessionLimits,
    ) -> None:
        self._decoder = FrameDecoder(
            max_frame_bytes=limits.max_frame_bytes,
            max_headers=limits.max_headers,
            max_header_line=limits.max_header_line,
        )
        self._intake = Intake(limits)
        self._frames = ClientFrames(limits)
        self._server = server
        self._subprotocol = subprotocol
        milliseconds = int(heartbeat * 1000)
        self._offer = milliseconds, milliseconds
        self.state = State.OPENED
        self.heart_beat = HeartBeat(0.0, 0.0)

    @property
    def version(self) -> Version | None:
        """The version that CONNECT negotiated. None before."""
        return self._frames.version

    @property
    def subscriptions(self) -> Subscriptions:
        """The open subscriptions."""
        return self._frames.subscriptions

    @property
    def steps(self) -> int:
        """The number of messages and frames so far. A driver lets other connections run after every few."""
        return self._intake.steps

    def feed(self, data: str | bytes) -> Iterator[Event]:
        """Takes one WebSocket message, and decodes its events lazily. The caller must exhaust the iterator.

        Raises `ProtocolError` after the events before the fault, and `FrameTooLarge` at once for a message that is
        too long. Ignores everything once the session is closed.
        """
        if self.state is State.CLOSED:
            return iter(())
        self._intake.message(data, before_connect=self.state is State.OPENED)
        return self._events(self._decoder.feed(data))

    def _events(self, frames: Iterator[Frame]) -> Iterator[Event]:
        for frame in frames:
            self._intake.frame()
            yield from self.receive(frame)
            if self.state is State.CLOSED:
                return

    def receive(self, frame: Frame) -> list[Event]:
        """The event of a frame, or none. Raises `ProtocolError`, which closes the session."""
        if self.state is State.CLOSED:
            return []
        try:
            target = TRANSITIONS[self.state].get(frame.command)
            if target is None:
                raise ProtocolError("this frame is not allowed here")
            handler = _HANDLERS.get(frame.command)
            events = self._frames.events_of(frame) if handler is None else handler(self, frame)
        except ProtocolError as error:
            error.receipt_id = frame.headers.get("receipt")
            self._close()
            raise
        self.state = target
        return events

    def accept(self, user_name: str, session_id: str, more: Mapping[str, str] | None = None) -> str:
        """Accepts the client of the last `Connect`. Returns CONNECTED, with the headers in `more`.

        Raises RuntimeError when no `Connect` waits for an answer.
        """
        if self.state is not State.AUTHENTICATING or self.version is None:
            raise RuntimeError("no CONNECT waits for an answer")
        self.state = State.CONNECTED
        self._decoder.use(self.version)
        headers = {
            "version": self.version,
            "heart-beat": f"{self._offer[0]},{self._offer[1]}",
            "user-name": user_name,
            "server": self._server,
            "session": session_id,
        }
        return write_frame("CONNECTED", headers | dict(more or {}))

    def fail(self, error: ChatError, receipt_id: str | None = None) -> str:
        """Closes the session. Returns ERROR, with the error's code as `message` and its detail as body.

        `receipt_id` is the `receipt` of the frame at fault.
        """
        self._close()
        headers: Mapping[str, str] = {}
        if isinstance(error, ProtocolError):
            headers, receipt_id = error.headers, receipt_id or error.receipt_id
        fields = {"message": error.code}
        if receipt_id is not None:
            fields["receipt-id"] = receipt_id
        if error.detail:
            fields["content-type"] = "text/plain;charset=utf-8"
        return write_frame("ERROR", fields | dict(headers), error.detail, self.version)

    def receipt_frame(self, receipt: str) -> str:
        """RECEIPT for an event with this `receipt`. The event and all events before it must be done."""
        return write_frame("RECEIPT", {"receipt-id": receipt}, version=self.version)

    def settle(self, acks: Sequence[Frame]) -> tuple[object, ...]:
        """Carries out the ACKs and NACKs of a `Commit`. Returns the tags of the messages that the ACKs settle."""
        return self._frames.settle(acks)

    def _close(self) -> None:
        self.state = State.CLOSED
        self._frames.abort_transactions()

    def _connect(self, frame: Frame) -> list[Event]:
        headers = frame.headers
        version = self._frames.version = negotiate_version(headers.get("accept-version"), self._subprotocol)
        if version == "1.0":
            # 1.0 has no heart-beats: libraries that ask for them in CONNECT do not send any then
            self._offer = (0, 0)
        self.heart_beat = HeartBeat.negotiate(headers.get("heart-beat"), self._offer)
        return [Connect(headers, authorization_of(headers), version)]

    def _disconnect(self, frame: Frame) -> list[Event]:
        self._close()
        return [Disconnect(frame.headers.get("receipt"))]


_HANDLERS: Final[Mapping[str, Callable[[StompSession, Frame], list[Event]]]] = {
    "CONNECT": StompSession._connect,
    "STOMP": StompSession._connect,
    "DISCONNECT": StompSession._disconnect,
}
"""The frames that change the state. `ClientFrames` handles the others."""
