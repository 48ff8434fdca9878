"""One subscription of a connection: writes its MESSAGE frames and knows which of them wait for an ACK."""

import re
from collections import deque
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Final, Literal, TypeGuard

from adapters.stomp.protocol.codec import octets
from adapters.stomp.protocol.escaping import escape
from adapters.stomp.protocol.version import Version

AckMode = Literal["auto", "client", "client-individual"]

_ACK_MODES: Final = ("auto", "client", "client-individual")
_VARIES_BY_VERSION: Final = re.compile("[\\\\\r\n\0:]")


def is_ack_mode(text: str) -> TypeGuard[AckMode]:
    return text in _ACK_MODES


def message_head(destination: str, body: str, more: str = "") -> str:
    """The part of a MESSAGE with this JSON `body` that is the same for all subscribers of `destination`.

    `more` is whole header lines. The head is shared by all STOMP versions, so that neither they nor the destination
    may have a character that one of them escapes: ValueError for such a destination.
    """
    return f"{_opening(destination)}{octets(body)}\n{more}"


@lru_cache(maxsize=100_000)
def _opening(destination: str) -> str:
    """Made once a destination, for it comes with every message."""
    if _VARIES_BY_VERSION.search(destination):
        raise ValueError("the destination is not the same in all STOMP versions")
    return f"MESSAGE\ndestination:{destination}\ncontent-type:application/json\ncontent-length:"


class Subscription:
    """`id` and `destination` as the client gave them. Message ids are `{serial}-{n}`, unique on the connection."""

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
        self.on_settled: Callable[[], object] | None = None  # called when messages wait for their ACK no longer

    @property
    def unacked(self) -> int:
        """How many messages wait for their ACK."""
        return len(self._unacked)

    @property
    def waiting(self) -> Collection[object]:
        """The tags of the messages that wait for their ACK."""
        return self._unacked.values()

    @property
    def refused(self) -> Collection[object]:
        """The tags of the last messages that the client answered with NACK; as many as may wait for their ACK."""
        return self._refused

    @property
    def has_room(self) -> bool:
        """Whether one more message may wait for its ACK."""
        return len(self._unacked) < self._max_unacked

    def message(self, head: str, body: str, tag: object = None) -> str:
        """The MESSAGE frame of `message_head(…, body, …)`; `tag` comes back in the `Ack` or `Nack` of it.

        Without room the message that has waited longest for its ACK is forgotten.
        """
        self._count = number = self._count + 1
        if self.ack_mode == "auto":
            return f"{head}{self._fixed}{number}\n\n{body}\0"
        if not self.has_room:
            del self._unacked[next(iter(self._unacked))]
        self._unacked[number] = tag
        if self._writes_ack:  # 1.2 names the ACK by a header of its own; ours equals the message-id
            return f"{head}{self._fixed}{number}\nack:{self.serial}-{number}\n\n{body}\0"
        return f"{head}{self._fixed}{number}\n\n{body}\0"

    def settle(self, number: int, *, refused: bool = False) -> tuple[object, ...]:
        """The tags that an ACK or (`refused`) NACK of message `number` settles: in `client` mode all up to it.

        Oldest first. Empty when that message does not wait (any more).
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
