"""Where sessions are kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.identifiers import Intent, ProfileId, SessionId
from domain.message import Message
from domain.session import ChatSession

UNREAD_WINDOW = 1_000
"""Unread messages are counted among so many last ones of a session."""


@dataclass(frozen=True, slots=True)
class SessionOverview:
    """A session as one of its two sees it: `active_at` is when its last message was sent, or it was opened.

    `as_of` is the store's time of the first page: messages after it do not count for `active_at`.
    """

    session: ChatSession
    reader: ProfileId
    active_at: datetime
    last_message: Message | None
    last_seq: int
    unread: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class SessionPosition:
    """Behind a session in the order of activity as it was at `as_of`: what came later moves nothing."""

    as_of: datetime
    active_at: datetime
    session_id: SessionId


class SessionRepository(Protocol):
    async def get_or_create(self, session: ChatSession) -> ChatSession:
        """The stored session of this pair and intent; `session` when there was none, opened at the store's time.

        Any number of callers at once, on any instance, get the same one. Raises `Unavailable`.
        """
        ...

    async def find(self, session_id: SessionId) -> ChatSession | None:
        """Raises `Unavailable`."""
        ...

    async def overview(
        self, readers: Collection[ProfileId], intent: Intent | None, after: SessionPosition | None, limit: int
    ) -> Sequence[SessionOverview]:
        """The first `limit` sessions of any of `readers`, beyond `after`: by (activity, id), the greatest first.

        Each once, with what it is now: `after` decides on places alone. `unread` is of the last `UNREAD_WINDOW`
        messages those to the reader that it has not seen. Sees every commit that returned before the call.
        Raises `Unavailable`.
        """
        ...
