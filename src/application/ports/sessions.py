"""The port for stored sessions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from application.ports.changes.message_changes import Operation
from domain.conversation import UNTOUCHED, Conversation
from domain.identifiers import Email, Intent, ProfileId, SessionId
from domain.message import Message
from domain.session import ChatSession
from domain.showing import Hidden
from domain.standing import Standing


@dataclass(frozen=True, slots=True)
class SessionOverview:
    """A session as `reader`, one of its participants, sees it.

    `active_at` is when the last message was sent, or when the session was opened. `as_of` is the store's time of the
    first page: later messages do not change `active_at`. `read_at` is the store's time of this page: of two pages the
    later one is the newer one. `delivered_to` and `seen_to` are the marks of the peer, which never go back.
    `conversation` is the reader's own, and `hidden` is what the reader hides in it. `is_first` says that it was pinned
    when the first page was read, `is_closed` that one of the two has closed it. `last_message`, `last_seq` and
    `active_at` are of a message that is not withheld from the reader.
    """

    session: ChatSession
    reader: ProfileId
    active_at: datetime
    last_message: Message | None
    last_seq: int
    unread: int
    as_of: datetime
    read_at: datetime
    delivered_to: int = 0
    seen_to: int = 0
    conversation: Conversation = UNTOUCHED
    is_first: bool = False
    hidden: Hidden = Hidden.NOTHING
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class SessionPosition:
    """A place in the list of sessions: pinned ones come first, each part is ordered by activity as of `as_of`.

    Later messages and pins do not move it.
    """

    as_of: datetime
    active_at: datetime
    session_id: SessionId
    is_pinned: bool = False


class SessionRepository(Protocol):
    """Stores sessions, and lists those of a reader."""

    async def get_or_create(
        self, session: ChatSession, emails: Mapping[ProfileId, Email] = MappingProxyType({})
    ) -> ChatSession:
        """The stored session of this pair and intent. Stores `session` when there is none, with the store's time.

        In a new one holds what the users with these `emails` hide (`ShowingRepository`), and whom they have blocked
        (`BlockRepository`). Concurrent callers on any instance get the same session. Raises `Unavailable`.
        """
        ...

    async def find(self, session_id: SessionId) -> ChatSession | None:
        """The session with this id, or None. Raises `Unavailable`."""
        ...

    async def standings(self, session_ids: Collection[SessionId]) -> Mapping[SessionId, Standing]:
        """How the two of each session stand. Leaves out unknown ones.

        Sees every commit that returned before the call. Raises `Unavailable`.
        """
        ...

    async def close(self, session_id: SessionId, operation: Operation | None = None) -> bool:
        """Closes a session for good, and returns whether it was open. Durable on return.

        A message that gets its `seq` later is `SessionClosed`, whoever sends it. A repeat of an `operation` within
        `OPERATIONS_KEPT` changes nothing. Raises `SessionNotFound`, what `Operation.repeats` raises, and `Unavailable`.
        """
        ...

    async def overview(
        self,
        readers: Collection[ProfileId],
        intent: Intent | None,
        after: SessionPosition | None,
        limit: int,
        *,
        only: Collection[SessionId] | None = None,
        archived: bool | None = None,
    ) -> Sequence[SessionOverview]:
        """The first `limit` sessions of any of `readers` after the position `after`: pinned ones, then all others.

        Both are ordered by (activity, id), the latest first.
        Each session comes once, with its present values: `after` affects the order alone. `unread` counts
        what the reader has not read (`domain.rules.unread`). Sees every commit
        that returned before the call. With `only`, there are no other sessions than these; `archived` leaves
        out those that are in the archive, or those that are not. Leaves out those in which the reader has blocked the
        other one and has nothing to see. Raises `Unavailable`.
        """
        ...
