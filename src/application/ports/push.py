"""The port that pushes deliveries to the connections of this instance."""

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from application.ports.messages import MessageRef
from domain.destination import EVENTS_QUEUE
from domain.identifiers import Email, MessageId, SessionId


class MessageKey(msgspec.Struct, frozen=True, gc=False):
    """Identifies the message in a delivery: its id, its place in the session, and its sender."""

    id: MessageId
    session_id: SessionId
    seq: int
    sender_email: Email

    @property
    def ref(self) -> MessageRef:
        """The message, for the store."""
        return MessageRef(self.session_id, self.id)


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One JSON `body` for all subscribers of `destination`: a session topic, or `user:{principal name}:{queue}`.

    `message` is set when the body is a `ChatMessage`. `committed_at` is set for an outbox entry: when the message was
    stored, in seconds of Unix time. `retry_after` is set for a refusal, in seconds; a refusal stays on this instance.
    """

    destination: str
    body: str
    message: MessageKey | None = None
    committed_at: float | None = None
    retry_after: int | None = None

    @property
    def repeat_key(self) -> tuple[MessageId, str] | None:
        """Recognizes a repeat: the outbox delivers at least once. None for a delivery that is never repeated."""
        if self.message is None or self.committed_at is None or self.destination.endswith(EVENTS_QUEUE):
            return None
        return self.message.id, self.destination


class Push(Protocol):
    """Hands deliveries to the connections of this instance."""

    def push(self, deliveries: Sequence[Delivery]) -> None:
        """Queues the deliveries, in order, for the subscribed connections of this instance. Never waits."""
        ...

    def wants(self, destination: str) -> bool:
        """Whether a connection of this instance subscribes to `destination`. A delivery to any other is dropped."""
        ...

    def missed(self, destinations: Collection[str]) -> None:
        """Deliveries to these destinations may be missing. Subscribers read the store, or their clients resume."""
        ...

    def has_listener(self, queue: str) -> bool:
        """Whether any user subscribes to `queue` on this instance."""
        ...
