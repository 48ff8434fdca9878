"""Where messages are kept, and the promise to deliver them together with them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

import msgspec

from domain.errors import ChatError
from domain.identifiers import MessageId, ProfileId, SessionId
from domain.message import Draft, Message
from domain.outbox import OutboxEntry


class Stored(msgspec.Struct, frozen=True, gc=False):
    """The draft became this message; its outbox entries are claimed for the instance that stored it."""

    message: Message
    entries: Sequence[OutboxEntry]


class Repeated(msgspec.Struct, frozen=True, gc=False):
    """The draft had been stored before, as this message; nothing was written."""

    message: Message


class Sending(NamedTuple):
    """Everything that one participant sends in a session."""

    session_id: SessionId
    sender_id: ProfileId


class Reached(NamedTuple):
    """Message `seq` of a session was marked as delivered."""

    sending: Sending
    seq: int


AppendOutcome = Stored | Repeated | ChatError
"""A `ChatError` is `IdempotencyConflict`, `SessionNotFound` or `Invalid`, what is wrong with this draft alone,
`TransactionAborted`, for the others of its transaction, or `SessionBusy`: it may be handed over again."""

Envelope = Callable[[Draft, Message], Sequence[OutboxEntry]]
"""Makes the outbox entries of a message; called inside the transaction, when `seq` is known."""


class MessageRepository(Protocol):
    async def append(
        self,
        drafts: Sequence[Draft],
        claim: timedelta,
        envelope: Envelope,
        *,
        wait_for: SessionId | None = None,
    ) -> Sequence[AppendOutcome]:
        """Stores the drafts in the order given, each with the next `seq` of its session and its outbox entries.

        `sent_at` is the store's time, and never less than that of the message before. The entries are claimed for as
        long as `claim`.
        One transaction: returned means durable, all of it; raised means that nothing of it may be relied upon
        (though a commit whose answer was lost may have happened: repeat with the same `clientMessageId`).
        One outcome a draft, in the order of the drafts. Of equal drafts, in one call or in racing ones,
        one is `Stored` and the others are `Repeated`. A draft that the store cannot hold is `Invalid`, and the
        others are then stored in several transactions, but for those of one `Draft.transaction`: none of them is
        stored when one is refused.

        Locked sessions are not waited for, but for `wait_for`, and that one a moment: their drafts are `SessionBusy`,
        with all of their transactions, and what follows in those sessions too. Raises `Unavailable`.
        """
        ...

    async def latest(self, session_id: SessionId, limit: int) -> Sequence[Message]:
        """The last `limit` messages, oldest first. May be read from a replica. Raises `Unavailable`."""
        ...

    async def before(self, session_id: SessionId, seq: int, limit: int) -> Sequence[Message]:
        """The last `limit` messages with a smaller `seq`, oldest first.

        May be read from a replica. Raises `Unavailable`.
        """
        ...

    async def after(self, session_id: SessionId, seq: int, limit: int, *, fresh: bool) -> Sequence[Message]:
        """The first `limit` messages with a greater `seq`, oldest first.

        `fresh` sees every commit that returned before the call; otherwise a replica may answer. Raises `Unavailable`.
        """
        ...

    async def last_seq(self, session_id: SessionId) -> int:
        """The `seq` of the session's last message, 0 when there is none (or no such session).

        Sees every commit that returned before the call. Raises `Unavailable`.
        """
        ...

    async def unseen(self, session_id: SessionId, reader: ProfileId, limit: int, after: int = 0) -> Sequence[Message]:
        """The first `limit` messages to `reader` with `seq` > `after` that it has not seen, oldest first.

        Raises `Unavailable`.
        """
        ...

    async def mark_seen(self, session_id: SessionId, reader: ProfileId, up_to_seq: int) -> int | None:
        """Marks the messages to `reader` with `seq` ≤ `up_to_seq` as seen and so delivered; durable on return.

        Returns up to which `seq` they now are, which is no more than the last one; None when none of them is newly
        seen. Takes as long for a million messages as for one. Raises `Unavailable`.
        """
        ...

    async def mark_delivered(self, message_ids: Collection[MessageId], *, durable: bool = False) -> Sequence[Reached]:
        """Marks messages as delivered; unknown and marked ones are passed over. Those that were not marked before.

        A crash of the store may lose the marks, unless `durable` is set: then they last once this has returned.
        Raises `Unavailable`.
        """
        ...

    async def delivered_up_to(self, known: Mapping[Sending, int]) -> Mapping[Sending, int]:
        """The `seq` up to which everything that was sent is delivered, for each of `known`.

        The values of `known` are such `seq`s from an earlier call, or 0. Sees every commit that returned before the
        call. Unknown sessions are passed over. Raises `Unavailable`.
        """
        ...

    async def undelivered(
        self, receivers: Collection[ProfileId], after: tuple[SessionId, int] | None, limit: int
    ) -> Sequence[Message]:
        """The first `limit` messages to any of `receivers` never delivered, by (session, seq), beyond `after`.

        Sees every commit that returned before the call. Raises `Unavailable`.
        """
        ...
