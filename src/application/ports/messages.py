"""The port for stored messages. A message and its outbox entries are stored in one transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

import msgspec

from domain.errors import ChatError
from domain.identifiers import MessageId, ProfileId, SessionId
from domain.message import Draft, Message
from domain.outbox import OutboxEntry


class Stored(msgspec.Struct, frozen=True, gc=False):
    """The draft was stored as this message. This instance has the claim on its outbox entries."""

    message: Message
    entries: Sequence[OutboxEntry]


class Repeated(msgspec.Struct, frozen=True, gc=False):
    """The draft was stored before, as this message. Nothing was written."""

    message: Message


class Sending(NamedTuple):
    """All messages of one participant in a session."""

    session_id: SessionId
    sender_id: ProfileId


class Reached(NamedTuple):
    """Message `seq` of a session was marked as delivered."""

    sending: Sending
    seq: int


class MessageRef(NamedTuple):
    """A message by its session and its id. A store may keep sessions apart, and asks where the session is."""

    session_id: SessionId
    id: MessageId


class Seen(NamedTuple):
    """What a mark has changed: up to which `seq` messages are now seen, and shown as seen to their sender.

    None where nothing is new. `has_read` says whether the reader has read what it had marked as unread.
    """

    seen_to: int | None = None
    shown_to: int | None = None
    has_read: bool = False


class Marks(NamedTuple):
    """`reached` was not marked before. `busy` is not marked: another transaction has locked it."""

    reached: Sequence[Reached]
    busy: Collection[MessageRef]


AppendOutcome = Stored | Repeated | ChatError
"""What became of one draft. The `ChatError` is one of these:

`IdempotencyConflict`, `SessionNotFound`, `SessionClosed`, `YouBlocked`, `Invalid`: this draft is at fault.
`TransactionAborted`: another draft of its transaction is at fault.
`SessionBusy`: the caller may pass the draft again.
"""

Envelope = Callable[[Draft, Message], Sequence[OutboxEntry]]
"""Makes the outbox entries of a message. The store calls it inside the transaction, when it knows `seq`.

It also knows then whether the message is withheld from its receiver."""


class MessageRepository(Protocol):
    """Stores messages, and what was delivered and seen of them."""

    async def append(
        self,
        drafts: Sequence[Draft],
        claim: timedelta,
        envelope: Envelope,
        *,
        wait_for: SessionId | None = None,
    ) -> Sequence[AppendOutcome]:
        """Stores the drafts in order. Each gets the next `seq` of its session, and its outbox entries.

        `sent_at` is the store's time, and not before that of the previous message. The entries are claimed for the
        duration of `claim`. A message to somebody who has blocked its sender is withheld.

        All is written in one transaction. When the call returns, all of it is durable. When it raises, nothing is
        certain: a commit whose answer was lost may have happened. Repeat with the same `clientMessageId`.

        Gives one outcome for each draft, in order. Of equal drafts, in one call or in racing calls, one is `Stored`
        and the others are `Repeated`. A draft that the store cannot hold is `Invalid`; the others are then stored in
        several transactions. When one draft of a `Draft.transaction` is refused, none of that transaction is stored.

        The store does not wait for locked sessions, except for `wait_for`, and for that one only a moment. Drafts of
        locked sessions are `SessionBusy`, as are the rest of their transactions and later drafts in their sessions.
        Raises `Unavailable`.
        """
        ...

    async def latest(self, session_id: SessionId, limit: int) -> Sequence[Message]:
        """The last `limit` messages, oldest first. A replica may answer. Raises `Unavailable`."""
        ...

    async def before(self, session_id: SessionId, seq: int, limit: int) -> Sequence[Message]:
        """The last `limit` messages with a smaller `seq`, oldest first.

        A replica may answer. Raises `Unavailable`.
        """
        ...

    async def after(self, session_id: SessionId, seq: int, limit: int, *, fresh: bool) -> Sequence[Message]:
        """The first `limit` messages with a greater `seq`, oldest first.

        With `fresh` it sees every commit that returned before the call. Otherwise a replica may answer.
        Raises `Unavailable`.
        """
        ...

    async def seq_of(self, session_id: SessionId, message_id: MessageId) -> int | None:
        """The `seq` of a message. None when it is not in this session.

        Sees every commit that returned before the call. Raises `Unavailable`.
        """
        ...

    async def last_seq(self, session_id: SessionId) -> int:
        """The `seq` of the session's last message. 0 for a session without messages, and for an unknown one.

        Sees every commit that returned before the call. Raises `Unavailable`.
        """
        ...

    async def unseen(self, session_id: SessionId, reader: ProfileId, limit: int, after: int = 0) -> Sequence[Message]:
        """The first `limit` messages to `reader` with `seq` > `after` that are not marked as seen, oldest first.

        Raises `Unavailable`.
        """
        ...

    async def mark_seen(self, session_id: SessionId, reader: ProfileId, up_to_seq: int) -> Seen:
        """Marks the messages to `reader` with `seq` ≤ `up_to_seq` as seen and delivered. Durable on return.

        Returns the `seq` up to which they are seen now, at most the session's last one, where one of them is newly
        seen; and what their sender is newly shown of that (`domain.rules.receipts`). Takes as long for a million
        messages as for one. Raises `Unavailable`.
        """
        ...

    async def mark_delivered(self, refs: Collection[MessageRef]) -> Marks:
        """Marks messages as delivered. Ignores unknown ones.

        A crash of the store may lose the marks, until `mark_delivered_durably` has returned once. Does not wait for
        messages that another transaction has locked. Raises `Unavailable`.
        """
        ...

    async def mark_delivered_durably(self, refs: Collection[MessageRef]) -> Marks:
        """As `mark_delivered`. These marks and all earlier ones of this store are durable on return.

        Raises `Unavailable`.
        """
        ...

    async def delivered_up_to(self, known: Mapping[Sending, int]) -> Mapping[Sending, int]:
        """For each key of `known`, the `seq` up to which all its messages are delivered.

        The values of `known` are the results of an earlier call, or 0. Sees every commit that returned before the
        call. Leaves out unknown sessions, and those in which one of the two hides what was delivered or has blocked
        the other. Raises `Unavailable`.
        """
        ...

    async def undelivered(
        self, receivers: Collection[ProfileId], after: tuple[SessionId, int] | None, limit: int
    ) -> Sequence[Message]:
        """The first `limit` messages to any of `receivers` that are not delivered, by (session, seq), after `after`.

        Leaves out withheld ones.

        Sees every commit that returned before the call. Raises `Unavailable`.
        """
        ...
