"""What is pushed to connected clients."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from domain.identifiers import Email, MessageId, SessionId


class MessageKey(msgspec.Struct, frozen=True, gc=False):
    """The message that a delivery carries: its place in its session, and whose it is."""

    id: MessageId
    session_id: SessionId
    seq: int
    sender_email: Email


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One JSON `body` for everybody at `destination`: a session topic, or `user:{principal name}:{queue}`.

    `message` is set when the body is a `ChatMessage`; `committed_at` is when it was stored (Unix time, seconds), for
    what the outbox owes. `retry_after`, in seconds, is for a refusal, which does not leave this instance.
    """

    destination: str
    body: str
    message: MessageKey | None = None
    committed_at: float | None = None
    retry_after: int | None = None

    @property
    def owed_as(self) -> tuple[MessageId, str] | None:
        """By what a repeat of it is told: the outbox pays at least once. None for what comes but once."""
        if self.message is None or self.committed_at is None:
            return None
        return self.message.id, self.destination


class Push(Protocol):
    def push(self, deliveries: Sequence[Delivery]) -> None:
        """Queues the deliveries, in order, to the connections of this instance that are subscribed. Never waits."""
        ...

    def has_listener(self, queue: str) -> bool:
        """Whether any user subscribes to `queue` on this instance."""
        ...
