"""What was seen of a run: by each client on its sockets, and in the store at the end. Data only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Kind = Literal["topic", "queue"]
"""How somebody reads: topics, resumed after the last `seq`; or the queue of messages, acked one by one."""


class Row(NamedTuple):
    """A message in the store."""

    message_id: str
    session_id: str
    seq: int
    sender: str
    client_message_id: str
    content: str


class Sent(NamedTuple):
    """What somebody meant by a `clientMessageId`."""

    session_id: str
    content: str


class Ack(NamedTuple):
    """That a send was accepted. A RECEIPT says no more than that, the others which message it became."""

    client_message_id: str
    by: Literal["RECEIPT", "queue", "HTTP"]
    message_id: str = ""
    seq: int = 0


@dataclass
class Stream:
    """One subscription to a topic: what it was to resume after, and the `seq`s that came, in order."""

    session_id: str
    after: int
    seqs: list[int] = field(default_factory=list)


@dataclass
class Witness:
    """One user, over all its connections.

    `seen` counts each delivery as it was on the wire, `acked` each ack. `settled` are the ids of the messages that it
    had when everything was healed and quiet and it had not been asked to come back yet; None if it had no connection.
    `refused` are codes by which a send was refused for good.
    """

    email: str
    kind: Kind
    sessions: frozenset[str]
    sent: dict[str, Sent] = field(default_factory=dict)
    acked: Counter[Ack] = field(default_factory=Counter)
    refused: list[tuple[str, str]] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    seen: Counter[Row] = field(default_factory=Counter)
    settled: frozenset[str] | None = None
    came_back: bool = False

    def awaits(self, row: Row) -> bool:
        """Whether the message is to reach this user the way it reads."""
        return row.session_id in self.sessions and (self.kind == "topic" or row.sender != self.email)


@dataclass
class Observations:
    """`queued` are messages left in the broker's queues of sends, dead ones included, by queue."""

    rows: Sequence[Row]
    witnesses: Sequence[Witness]
    outbox_pending: int = 0
    outbox_dead: int = 0
    queued: Mapping[str, int] = field(default_factory=dict)
