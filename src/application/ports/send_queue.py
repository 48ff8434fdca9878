"""Sends that are accepted now and stored later (contract, section 8)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Submission:
    """One send as it is handed over.

    `held_for` is the time in seconds since an instance submitted it, or since it was first handed over, as far as that
    is known. It is infinite when the send cannot be handed over again.
    """

    body: bytes
    held_for: float = 0.0


@dataclass(frozen=True, slots=True)
class Accepted:
    """The message is stored, by this send or by an earlier one."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """It can never be stored; `reason` is the code of the error. It is put among the dead."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """The store cannot take it now, as when it is away. The send is kept in hand and soon handed over again."""


@dataclass(frozen=True, slots=True)
class Aside:
    """This send cannot be decided now, others can. It is handed over again after about `retry_in` seconds."""

    retry_in: float


Verdict = Accepted | Rejected | Later | Aside

SendHandler = Callable[[Sequence[Submission]], Awaitable[Sequence[Verdict]]]
"""Gets sends in the order of the queue and gives one verdict for each, in that order."""


class SendQueue(Protocol):
    """A durable queue for which all instances compete; a send is handed over until it is accepted or rejected.

    At-least-once: a send may come again, also to another instance, so that the handler must be idempotent.
    Who may submit is trusted: the body names its sender, and whoever lets a user submit has checked that before.
    """

    async def start(self) -> None:
        """Returns at once, also when the queue is away."""
        ...

    async def stop(self) -> None:
        """Idempotent; submissions in progress and the batch in hand end first."""
        ...

    async def submit(self, body: bytes) -> None:
        """Returned means that the send is durable. Raises `Unavailable`; then it may have been accepted even so."""
        ...

    def consume(self, handler: SendHandler) -> None:
        """Has `handler` called with what is there, one batch at a time. To be called once, before `start`.

        Batches come in the queue's order. What is `Later` is handed over again, before anything newer of this instance
        and in one batch with it. When nothing was stored there is a pause first. What is `Aside` makes room: it waits
        durably elsewhere and comes back behind what waits then. What was put aside keeps its order.

        `Unavailable` raised by the handler is `Later` for all of the batch. Any other exception is a failed try: the
        sends are handed over one by one, and one that fails too often is put among the dead.
        """
        ...
