"""The port through which stored messages change: edits, deletions and reactions."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from domain.errors import IdempotencyConflict
from domain.identifiers import MessageId, ProfileId, SessionId
from domain.message import Message
from domain.standing import OPEN, Standing

OPERATIONS_KEPT: Final = timedelta(hours=24)
"""How long an operation is known after it was done (contract, section 11)."""


class Operation(NamedTuple):
    """The `clientOperationId` of a command. `digest` is of all that the command asks for."""

    actor: ProfileId
    id: UUID
    digest: bytes

    def repeats(self, done: bytes | None) -> bool:
        """Whether it repeats the one that was done under its id, of which `done` is the digest; None for none.

        Raises `IdempotencyConflict` when that was another.
        """
        if done is not None and done != self.digest:
            raise IdempotencyConflict(field="clientOperationId")
        return done is not None


class Place(NamedTuple):
    """Where a message stands."""

    session_id: SessionId
    seq: int


class Changed(NamedTuple):
    """The message as it is now. `is_new` says whether this call has changed it, in a session of this standing."""

    message: Message
    is_new: bool
    standing: Standing = OPEN


Rule = Callable[[Message, datetime, Standing], Message]
"""Gives the message as it is to be. The time is the store's, the standing that of its session."""
Rewrite = Callable[[Message], Mapping[str, object]]
"""The fields that a message with another text has in the payloads of its outbox entries, as JSON values."""


class MessageChanges(Protocol):
    """Changes messages one at a time, each in a transaction that also gives the change its number.

    All methods raise `Unavailable`.
    """

    async def change(
        self,
        session_id: SessionId,
        message_id: MessageId,
        rule: Rule,
        rewrite: Rewrite,
        operation: Operation | None = None,
    ) -> Changed:
        """Stores what `rule` makes of the message. Durable on return.

        When the text is another one, the payloads of its outbox entries get the fields of `rewrite`; the text before is
        in no table any more. Those of a message that is withheld get them only by its deletion. A repeat of an
        `operation` within `OPERATIONS_KEPT` changes nothing. Concurrent calls for one session follow each other. Raises
        `MessageNotFound`, what `Operation.repeats` raises, and what `rule` raises.
        """
        ...

    async def at(self, places: Collection[Place]) -> Mapping[Place, Message]:
        """The messages at `places`, as they are now. Leaves out places without one."""
        ...

    async def present(self, message_ids: Collection[MessageId]) -> Mapping[MessageId, Message]:
        """Those of the messages with these ids that have changed, as they are now, and those that answer another."""
        ...
