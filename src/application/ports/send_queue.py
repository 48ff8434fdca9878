"""Sends that are accepted now and stored later (contract, section 8)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Submission:
    """One send, as the queue hands it to the handler.

    `held_for` is the time in seconds since an instance submitted it, or since it was first handed over, as far as that
    is known. It is infinite when the send cannot be handed over again.
    """

    body: bytes
    held_for: float = 0.0


@dataclass(frozen=True, slots=True)
class Accept:
    """Takes the send from the queue: the message is stored, by this send or by an earlier one."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Moves the send to the dead letters: it can never be stored. `reason` is the code of the error."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Keeps the send in hand and hands it over again soon: the store cannot take it now."""


@dataclass(frozen=True, slots=True)
class PutAside:
    """Hands the send over again after about `retry_in` seconds: it cannot be decided now, others can."""

    retry_in: float


Verdict = Accept | Reject | Retry | PutAside

SendHandler = Callable[[Sequence[Submission]], Awaitable[Sequence[Verdict]]]
"""Gets sends in the order of the queue. Returns one verdict for each, in that order."""


class SendQueue(Protocol):
    """A durable queue of sends, for which all instances compete.

    At-least-once: it hands a send over until a handler accepts or rejects it, also to other instances. So the handler
    must be idempotent. The queue trusts everyone who may submit: the body names its sender, and the submitter has
    checked that before.
    """

    async def start(self) -> None:
        """Connects, and hands sends to the handler. Returns at once, also when the queue is away."""
        ...

    async def stop(self) -> None:
        """Stops after the submissions in progress and the batch in hand have ended. Idempotent."""
        ...

    async def submit(self, body: bytes) -> None:
        """Adds a send. It is durable on return. Raises `Unavailable`; then the queue may have taken it even so."""
        ...

    def consume(self, handler: SendHandler) -> None:
        """Sets the handler. It gets one batch at a time, in the order of the queue. Call it once, before `start`.

        `Retry`: the handler gets the send again, in one batch with newer ones, and before them. When a batch has stored
        nothing, the queue pauses first. `PutAside`: the send makes room. It waits durably elsewhere, and comes back
        behind the sends that wait then. The sends that were put aside keep their order.

        When the handler raises `Unavailable`, the verdict is `Retry` for all of the batch. Any other exception is a
        failed try: the queue hands the sends over one by one, and moves one that fails too often to the dead letters.
        """
        ...
