"""A subscription: writes its MESSAGE frames, and tracks which of them wait for an ACK."""

import re
from collections import deque
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Final, Literal, TypeGuard

from adapters.stomp.protocol.frames.encoder import octets
from adapters.stomp.protocol.frames.escaping import escape
from adapters.stomp.protocol.negotiation.version import Version

AckMode = Literal["auto", "client", "client-individual"]

_ACK_MODES: Final = ("auto", "client", "client-individual")
_CONTENT_LENGTH: Final = re.compile("\ncontent-length:[0-9]+\n")
_ESCAPED_CHARACTER: Final = re.compile("[\\\\\r\n\0:]")


def is_ack_mode(text: str) -> TypeGuard[AckMode]:
    """Whether `text` is an ack mode of STOMP."""
    return text in _ACK_MODES


def message_head(destination: str, body: str, more: str = "") -> str:
    """The part of a MESSAGE with this JSON `body` that is equal for all subscribers of `destination`.

    `more` is complete header lines. All STOMP versions share the head. So the destination and the lines must not have
    a character that some version escapes. Raises ValueError for such a destination.
    """
    return f"{_opening(destination)}{octets(body)}\n{more}"


@lru_cache(maxsize=100_000)
def _opening(destination: str) -> str:
    """The first lines of a head. Cached, since every message needs them."""
    if _ESCAPED_CHARACTER.search(destination):
        raise ValueError("the destination is not the same in all STOMP versions")
    return f"MESSAGE\ndestination:{destination}\ncontent-type:application/json\ncontent-length:"


def with_body(frame: str, body: str) -> str:
    """The MESSAGE `frame` with another JSON `body`."""
    head = _CONTENT_LENGTH.sub(f"\ncontent-length:{octets(body)}\n", frame.partition("\n\n")[0], count=1)
    return f"{head}\n\n{body}\0"


class Subscription:
    """A subscription, with the client's `id` and `destination`. Its message ids are `{serial}-{n}`.

    `serial` is unique in the connection, so the message ids are too. At most `max_unacked` messages wait for an ACK.
    """

    __slots__ = (
        "_count",
        "_fixed",
        "_max_unacked",
        "_refused",
        "_unacked",
        "_writes_ack",
        "ack_mode",
        "destination",
        "id",
        "on_settled",
        "serial",
    )

    def __init__(
        self, id: str, destination: str, ack_mode: AckMode, *, serial: int, version: Version, max_unacked: int
    ) -> None:
        self.id = id
        self.destination = destination
        self.ack_mode: AckMode = ack_mode
        self.serial = serial
        self._max_unacked = max_unacked
        self._fixed = f"subscription:{escape(id, version)}\nmessage-id:{serial}-"
        self._writes_ack = version == "1.2"
        self._count = 0
        self._unacked: dict[int, object] = {}
        self._refused: deque[object] = deque(maxlen=max_unacked)
        self.on_settled: Callable[[], object] | None = None
        """Is called after an ACK or NACK has settled messages."""

    @property
    def unacked(self) -> int:
        """The number of messages that wait for their ACK."""
        return len(self._unacked)

    @property
    def waiting(self) -> Collection[object]:
        """The tags of the messages that wait for their ACK."""
        return self._unacked.values()

    @property
    def refused(self) -> Collection[object]:
        """The tags of the last `max_unacked` messages that the client has refused with NACK."""
        return self._refused

    @property
    def room(self) -> int:
        """The number of messages that may still wait for their ACK."""
        return self._max_unacked - len(self._unacked)

    @property
    def has_room(self) -> bool:
        """Whether one more message may wait for its ACK."""
        return len(self._unacked) < self._max_unacked

    def message(self, head: str, body: str, tag: object = None) -> str:
        """The MESSAGE frame of `message_head(…, body, …)`. Its `Ack` or `Nack` will have `tag`.

        Without room it forgets the message that has waited longest for its ACK.
        """
        self._count = number = self._count + 1
        if self.ack_mode == "auto":
            return f"{head}{self._fixed}{number}\n\n{body}\0"
        if not self.has_room:
            del self._unacked[next(iter(self._unacked))]
        self._unacked[number] = tag
        if self._writes_ack:  # in 1.2 an ACK refers to this header; ours equals the message-id
            return f"{head}{self._fixed}{number}\nack:{self.serial}-{number}\n\n{body}\0"
        return f"{head}{self._fixed}{number}\n\n{body}\0"

    def settle(self, number: int, *, refused: bool = False) -> tuple[object, ...]:
        """Settles message `number` by an ACK, or by a NACK (`refused`). In `client` mode also all before it.

        Returns the tags of the settled messages, oldest first. Empty when that message does not wait for an ACK.
        """
        if number not in self._unacked:
            return ()
        if self.ack_mode == "client-individual":
            numbers = [number]
        else:
            numbers = [waiting for waiting in self._unacked if waiting <= number]
        tags = tuple(self._unacked.pop(waiting) for waiting in numbers)
        if refused:
            self._refused.extend(tags)
        if self.on_settled is not None:
            self.on_settled()
        return tags
