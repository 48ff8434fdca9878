"""Turns the frames of a connected client into events."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from adapters.stomp.protocol.errors import ProtocolError
from adapters.stomp.protocol.events import Ack, Commit, Event, Nack, Receipt, Send, Subscribe, Unsubscribe
from adapters.stomp.protocol.frames.frame import Frame
from adapters.stomp.protocol.limits import SessionLimits
from adapters.stomp.protocol.negotiation.version import Version
from adapters.stomp.protocol.subscription import is_ack_mode
from adapters.stomp.protocol.subscriptions import Subscriptions
from adapters.stomp.protocol.transactions import Transactions


class ClientFrames:
    """Holds what frames refer to: the subscriptions and the open transactions of the connection.

    `version` is None until CONNECT was read. CONNECT and DISCONNECT are handled by the session.
    """

    __slots__ = ("_transactions", "subscriptions", "version")

    def __init__(self, limits: SessionLimits) -> None:
        self._transactions = Transactions(
            max_open=limits.max_transactions,
            max_frames=limits.max_transaction_frames,
            max_bytes=limits.max_transaction_bytes,
        )
        self.subscriptions = Subscriptions(max_open=limits.max_subscriptions, max_unacked=limits.max_unacked)
        self.version: Version | None = None

    def events_of(self, frame: Frame) -> list[Event]:
        """The event of `frame`, or none. The frame's command must be one of a connected client.

        Raises `ProtocolError`.
        """
        return _HANDLERS[frame.command](self, frame)

    def settle(self, acks: Sequence[Frame]) -> tuple[object, ...]:
        """Carries out ACKs and NACKs of a transaction. Returns the tags of the messages that the ACKs settle."""
        tags: list[object] = []
        for frame in acks:
            refused = frame.command == "NACK"
            settled = self.subscriptions.settle(*self._acked(frame), refused=refused)
            tags += () if refused else settled
        return tuple(tags)

    def abort_transactions(self) -> None:
        """Drops the frames of all open transactions."""
        self._transactions.abort_all()

    def _send(self, frame: Frame) -> list[Event]:
        headers = frame.headers
        destination = _required(frame, "destination")
        if "transaction" in headers:
            return self._hold(frame)
        return [Send(destination, headers, frame.body, headers.get("receipt"))]

    def _subscribe(self, frame: Frame) -> list[Event]:
        headers = frame.headers
        destination = _required(frame, "destination")
        # optional in 1.0 only, whose MESSAGE frames have a `subscription` header too: the destination serves as the id
        subscription_id = headers.get("id", destination) if self.version == "1.0" else _required(frame, "id")
        ack_mode = headers.get("ack", "auto")
        if not is_ack_mode(ack_mode):
            raise ProtocolError("ack is none of auto, client, client-individual")
        assert self.version is not None, "the state table allows only CONNECT before it"
        subscription = self.subscriptions.add(subscription_id, destination, ack_mode, self.version)
        return [Subscribe(subscription, headers, headers.get("receipt"))]

    def _unsubscribe(self, frame: Frame) -> list[Event]:
        """An unknown id is no error: the client has what it wants."""
        if self.version == "1.0" and "id" not in frame.headers:
            removed = self.subscriptions.remove_destination(_required(frame, "destination"))
        else:
            removed = self.subscriptions.remove(_required(frame, "id"))
        return _receipt(frame) if removed is None else [Unsubscribe(removed, frame.headers.get("receipt"))]

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
        """The message id and, if given, the subscription id in an ACK or NACK.

        1.2 has the message id in the header `id`, earlier versions in `message-id`. Ours are equal and some clients
        mix the headers up, so both are accepted.
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
        receipts = tuple(part.headers.pop("receipt") for part in held if "receipt" in part.headers)
        events = [event for part in held if part.command == "SEND" for event in self._send(part)]
        acks = [part for part in held if part.command != "SEND"]
        sends = [event for event in events if isinstance(event, Send)]
        are_known = all(self.subscriptions.knows(*self._acked(part)) for part in acks if part.command == "ACK")
        return [Commit(sends, acks, frame.headers.get("receipt"), are_known, receipts)]

    def _abort(self, frame: Frame) -> list[Event]:
        self._transactions.end(_required(frame, "transaction"))
        return _receipt(frame)

    def _hold(self, frame: Frame) -> list[Event]:
        """Holds a frame until COMMIT, with its receipt: nothing of it is durable before (contract, section 7)."""
        self._transactions.hold(frame.headers["transaction"], frame)
        del frame.headers["transaction"]
        return []


def _required(frame: Frame, name: str) -> str:
    value = frame.headers.get(name)
    if not value:
        raise ProtocolError(f"{frame.command} needs the header `{name}`")
    return value


def _receipt(frame: Frame) -> list[Event]:
    receipt = frame.headers.get("receipt")
    return [] if receipt is None else [Receipt(receipt)]


_HANDLERS: Final[Mapping[str, Callable[[ClientFrames, Frame], list[Event]]]] = {
    "SEND": ClientFrames._send,
    "SUBSCRIBE": ClientFrames._subscribe,
    "UNSUBSCRIBE": ClientFrames._unsubscribe,
    "ACK": ClientFrames._ack,
    "NACK": ClientFrames._nack,
    "BEGIN": ClientFrames._begin,
    "COMMIT": ClientFrames._commit,
    "ABORT": ClientFrames._abort,
}
