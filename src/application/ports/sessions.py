"""Where sessions are kept."""

from typing import Protocol

from domain.identifiers import SessionId
from domain.session import ChatSession


class SessionRepository(Protocol):
    async def get_or_create(self, session: ChatSession) -> ChatSession:
        """The stored session of this pair and intent; `session` itself when there was none.

        Any number of callers at once, on any instance, get the same one. Raises `Unavailable`.
        """
        ...

    async def find(self, session_id: SessionId) -> ChatSession | None:
        """Raises `Unavailable`."""
        ...
