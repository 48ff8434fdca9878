"""The protocol of one connection as a state machine: frames in, events out, and the text of the answers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from adapters.stomp.protocol.codec import FrameDecoder, write_frame
from adapters.stomp.protocol.errors import ProtocolError
from adapters.stomp.protocol.events import (
    Ack,
    Commit,
    Connect,
    Disconnect,
    Event,
    Nack,
    Receipt,
    Send,
    Subscribe,
    Unsubscribe,
)
from adapters.stomp.protocol.frame import Frame
from adapters.stomp.protocol.heartbeat import HeartBeat
from adapters.stomp.protocol.intake import Intake
from adapters.stomp.protocol.limits import SessionLimits
from adapters.stomp.protocol.state import TRANSITIONS, State
from adapters.stomp.protocol.subscription import is_ack_mode
from adapters.stomp.protocol.subscriptions import Subscriptions
from adapters.stomp.protocol.transactions import Transactions
from adapters.stomp.protocol.version import Version, negotiate_version
from domain.errors import ChatError


class StompSession:
    """One connection. The driver feeds what it receives, acts on the events and writes the texts returned here.

    `server` is the name and version told in CONNECTED, `subprotocol` the agreed WebSocket subprotocol, `heart_beat`
    our offer `sx,sy` in milliseconds. A `ProtocolError` is answered with `fail`, then the connection is closed.
    `version` is None until CONNECT was read.
    """

    __slots__ = (
        "_decoder",
        "_intake",
        "_offer",
        "_server",
        "_subprotocol",
        "_transactions",
        "heart_beat",
        "state",
        "subscriptions",
        "version",
    )

    def __init__(
        self,
        *,
        server: str,
        subprotocol: str | None = None,
        heart_beat: tuple[int, int] = (10_000, 10_000),
        limits: SessionLimits | None = None,
    ) -> None:
        limits = limits or SessionLimits()
        self._decoder = FrameDecoder(
            max_frame_bytes=limits.max_frame_bytes,
            max_headers=limits.max_headers,
            max_header_line=limits.max_header_line,
        )
        self._intake = Intake(limits)
        self._server = server
        self._subprotocol = subprotocol
        self._offer = heart_beat
        self._transactions = Transactions(
            max_open=limits.max_transactions,
            max_frames=limits.max_transaction_frames,
            max_bytes=limits.max_transaction_bytes,
        )
        self.subscriptions = Subscriptions(max_open=limits.max_subscriptions, max_unacked=limits.max_unacked)
        self.state = State.OPENED
        self.version: Version | None = None
        self.heart_beat = HeartBeat(0.0, 0.0)

    @property
    def steps(self) -> int:
        """Messages and frames that were taken in so far: a driver lets others run after every few."""
        return self._intake.steps

    def feed(self, data: str | bytes) -> Iterator[Event]:
        """Takes in one WebSocket message at once; the events come lazily and have to be exhausted.

        Raises `ProtocolError` after the events that came before the fault, `FrameTooLarge` at once for a message that
        is too long. Deaf once the session is closed.
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
        """One frame, and at most one event. Raises `ProtocolError`, and the session is closed then."""
        if self.state is State.CLOSED:
            return []
        try:
            target = TRANSITIONS[self.state].get(frame.command)
            if target is None:
                raise ProtocolError("this frame is not allowed here")
            events = _HANDLERS[frame.command](self, frame)
        except ProtocolError as error:
            error.receipt_id = frame.headers.get("receipt")
            self._close()
            raise
        self.state = target
        return events

    def accept(self, user_name: str, session_id: str) -> str:
        """CONNECTED: the client that asked with `Connect` is who it says. RuntimeError when none has asked."""
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
        return write_frame("CONNECTED", headers)

    def fail(self, error: ChatError, receipt_id: str | None = None) -> str:
        """ERROR for `error`, its code as `message` and its detail as body; the session is closed."""
        self._close()
        headers: Mapping[str, str] = {}
        if isinstance(error, ProtocolError):
            headers, receipt_id = error.headers, receipt_id or error.receipt_id
        return self.error_frame(error.code, headers=headers, body=error.detail, receipt_id=receipt_id)

    def error_frame(
        self, message: str, *, headers: Mapping[str, str] | None = None, body: str = "", receipt_id: str | None = None
    ) -> str:
        """ERROR with a short `message`, further `headers` and a `body` for humans; the driver closes after it."""
        fields = {"message": message}
        if receipt_id is not None:
            fields["receipt-id"] = receipt_id
        if body:
            fields["content-type"] = "text/plain;charset=utf-8"
        return write_frame("ERROR", fields | dict(headers or {}), body, self.version)

    def receipt_frame(self, receipt: str) -> str:
        """RECEIPT for the `receipt` of an event that is done, as all before it are."""
        return write_frame("RECEIPT", {"receipt-id": receipt}, version=self.version)

    def settle(self, acks: Sequence[Frame]) -> tuple[object, ...]:
        """The tags that the ACKs and NACKs of a `Commit` settle, those of the ACKs."""
        tags: list[object] = []
        for one in acks:
            refused = one.command == "NACK"
            settled = self.subscriptions.settle(*self._acked(one), refused=refused)
            tags += () if refused else settled
        return tuple(tags)

    def _close(self) -> None:
        self.state = State.CLOSED
        self._transactions.abort_all()

    def _connect(self, frame: Frame) -> list[Event]:
        headers = frame.headers
        self.version = negotiate_version(headers.get("accept-version"), self._subprotocol)
        if self.version == "1.0":
            # it has no beats: libraries that ask for them in CONNECT all the same then send none
            self._offer = (0, 0)
        self.heart_beat = HeartBeat.negotiate(headers.get("heart-beat"), self._offer)
        return [Connect(headers, authorization_of(headers), self.version)]

    def _send(self, frame: Frame) -> list[Event]:
        headers = frame.headers
        destination = _required(frame, "destination")
        if "transaction" in headers:
            return self._hold(frame)
        return [Send(destination, headers, frame.body, headers.get("receipt"))]

    def _subscribe(self, frame: Frame) -> list[Event]:
        headers = frame.headers
        destination = _required(frame, "destination")
        # 1.0 alone does without an id; its MESSAGEs carry a `subscription` all the same, so one is made up
        subscription_id = headers.get("id", destination) if self.version == "1.0" else _required(frame, "id")
        ack_mode = headers.get("ack", "auto")
        if not is_ack_mode(ack_mode):
            raise ProtocolError("ack is none of auto, client, client-individual")
        subscription = self.subscriptions.add(subscription_id, destination, ack_mode, self._agreed)
        return [Subscribe(subscription, headers, headers.get("receipt"))]

    def _unsubscribe(self, frame: Frame) -> list[Event]:
        """Of an unknown id nothing is left to do: the client's wish is the case already."""
        if self.version == "1.0" and "id" not in frame.headers:
            gone = self.subscriptions.remove_destination(_required(frame, "destination"))
        else:
            gone = self.subscriptions.remove(_required(frame, "id"))
        return _receipt(frame) if gone is None else [Unsubscribe(gone, frame.headers.get("receipt"))]

    def _ack(self, frame: Frame) -> list[Event]:
        target = self._acked(frame)
        if "transaction" in frame.headers:
            return self._hold(frame)
        is_known = self.subscriptions.knows(*target)
        return [Ack(self.subscriptions.settle(*target), frame.headers.get("receipt"), is_known)]

    def _nack(self, frame: Frame) -> list[Event]:
        if self.version == "1.0":
            raise ProtocolError("STOMP 1.0 has no NACK")
        target = self._acked(frame)
        if "transaction" in frame.headers:
            return self._hold(frame)
        return [Nack(self.subscriptions.settle(*target, refused=True), frame.headers.get("receipt"))]

    def _acked(self, frame: Frame) -> tuple[str, str | None]:
        """The message-id and, where it is told, the subscription that an ACK or NACK names.

        1.2 names one by `id`, before it one did by `message-id`. Ours are equal and some clients mix them up,
        so that either will do.
        """
        headers = frame.headers
        first, second = ("id", "message-id") if self.version == "1.2" else ("message-id", "id")
        message_id = headers[second] if first not in headers and second in headers else _required(frame, first)
        if self.version == "1.1":
            return message_id, _required(frame, "subscription")
        return message_id, headers.get("subscription")

    def _begin(self, frame: Frame) -> list[Event]:
        self._transactions.begin(_required(frame, "transaction"))
        return _receipt(frame)

    def _commit(self, frame: Frame) -> list[Event]:
        held = self._transactions.end(_required(frame, "transaction"))
        receipts = tuple(one.headers.pop("receipt") for one in held if "receipt" in one.headers)
        events = [event for one in held if one.command == "SEND" for event in self._send(one)]
        acks = [one for one in held if one.command != "SEND"]
        sends = [one for one in events if isinstance(one, Send)]
        are_known = all(self.subscriptions.knows(*self._acked(one)) for one in acks if one.command == "ACK")
        return [Commit(sends, acks, frame.headers.get("receipt"), are_known, receipts)]

    def _abort(self, frame: Frame) -> list[Event]:
        self._transactions.end(_required(frame, "transaction"))
        return _receipt(frame)

    def _disconnect(self, frame: Frame) -> list[Event]:
        self._close()
        return [Disconnect(frame.headers.get("receipt"))]

    def _hold(self, frame: Frame) -> list[Event]:
        """Its receipt waits for COMMIT: before that nothing of it is durable (contract, section 7)."""
        self._transactions.hold(frame.headers["transaction"], frame)
        del frame.headers["transaction"]
        return []

    @property
    def _agreed(self) -> Version:
        assert self.version is not None, "the state table lets nothing but CONNECT through before"
        return self.version


def authorization_of(headers: Mapping[str, str]) -> str | None:
    """That header, in either case, as it is in HTTP."""
    return headers.get("Authorization", headers.get("authorization"))


def passcode_authorization(headers: Mapping[str, str]) -> str | None:
    """The `passcode` of CONNECT as an `Authorization` header, with or without `Bearer` in front of the token."""
    passcode = headers.get("passcode")
    if not passcode or passcode[:7].lower() == "bearer ":
        return passcode
    return f"Bearer {passcode}"


def _required(frame: Frame, name: str) -> str:
    value = frame.headers.get(name)
    if not value:
        raise ProtocolError(f"{frame.command} needs the header `{name}`")
    return value


def _receipt(frame: Frame) -> list[Event]:
    receipt = frame.headers.get("receipt")
    return [] if receipt is None else [Receipt(receipt)]


_HANDLERS: Final[Mapping[str, Callable[[StompSession, Frame], list[Event]]]] = {
    "CONNECT": StompSession._connect,
    "STOMP": StompSession._connect,
    "SEND": StompSession._send,
    "SUBSCRIBE": StompSession._subscribe,
    "UNSUBSCRIBE": StompSession._unsubscribe,
    "ACK": StompSession._ack,
    "NACK": StompSession._nack,
    "BEGIN": StompSession._begin,
    "COMMIT": StompSession._commit,
    "ABORT": StompSession._abort,
    "DISCONNECT": StompSession._disconnect,
}
