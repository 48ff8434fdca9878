"""What a run has shown: what each user saw on its sockets, and what the store has at the end. Data only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Kind = Literal["topic", "queue"]
"""How a user reads: from topics, resumed after the last `seq`, or from the queue of messages, with an ACK for each."""


class Row(NamedTuple):
    """A message in the store."""

    message_id: str
    session_id: str
    seq: int
    sender: str
    client_message_id: str
    content: str


class Sent(NamedTuple):
    """What a user sent with a `clientMessageId`."""

    session_id: str
    content: str


class Ack(NamedTuple):
    """A send was accepted. A RECEIPT does not say which message it became; the others do."""

    client_message_id: str
    by: Literal["RECEIPT", "queue", "HTTP"]
    message_id: str = ""
    seq: int = 0


@dataclass
class Stream:
    """A subscription to a topic: the `seq` after which it resumed, and the `seq`s that came, in order."""

    session_id: str
    after: int
    seqs: list[int] = field(default_factory=list)


@dataclass
class Witness:
    """What one user saw, over all its connections.

    `seen` counts each delivery, `acked` each ack. `settled` has the ids of the messages that it had when all was healed
    and quiet, before it reconnected; None without a connection. `refused` has the ids and codes of sends that were
    refused for good. `came_back` says that it reconnected in the end.
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
        """Whether this message should reach the user."""
        return row.session_id in self.sessions and (self.kind == "topic" or row.sender != self.email)


@dataclass
class Observations:
    """All that a run has shown. `queued` counts the messages that are left in the queues of sends, by queue."""

    rows: Sequence[Row]
    witnesses: Sequence[Witness]
    outbox_pending: int = 0
    outbox_dead: int = 0
    queued: Mapping[str, int] = field(default_factory=dict)
