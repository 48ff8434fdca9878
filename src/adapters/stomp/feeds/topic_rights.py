"""Checks that a user may still read its subscribed sessions: FlairBit may give its address to another profile."""

import asyncio
from collections import Counter
from collections.abc import Callable

from application.access.participants import Participants
from domain.destination import parse_session_topic
from domain.errors import ChatError, Unavailable
from domain.identifiers import SessionId
from domain.principal import Principal


class TopicRights:
    """Checks the rights of one connection every `interval` seconds. `on_lost` gets the error when one is lost."""

    def __init__(self, participants: Participants, interval: float, on_lost: Callable[[Exception], None]) -> None:
        self._participants = participants
        self._interval = interval
        self._on_lost = on_lost
        self._sessions: Counter[SessionId] = Counter()
        self._checked_at = 0.0
        self._checking: asyncio.Task[None] | None = None

    def add(self, destination: str) -> None:
        """Counts a subscription of `destination`. Ignores other destinations than topics."""
        session_id = parse_session_topic(destination)
        if session_id is not None:
            self._sessions[session_id] += 1

    def remove(self, destination: str) -> None:
        """No longer counts a subscription of `destination`."""
        session_id = parse_session_topic(destination)
        if session_id is not None:
            self._sessions[session_id] -= 1
            if self._sessions[session_id] <= 0:
                del self._sessions[session_id]

    def check(self, principal: Principal, now: float) -> None:
        """Starts a check in the background when it is due. `now` is monotonic, in seconds."""
        is_checking = self._checking is not None and not self._checking.done()
        if self._sessions and not is_checking and now - self._checked_at >= self._interval:
            self._checked_at = now
            self._checking = asyncio.create_task(self._check(principal), name="topic rights")

    def stop(self) -> None:
        """Cancels a check in progress."""
        if self._checking is not None:
            self._checking.cancel()

    async def _check(self, principal: Principal) -> None:
        for session_id in tuple(self._sessions):
            try:
                await self._participants.for_reader(session_id, principal)
            except Unavailable:
                continue  # keeps the right while nobody can be asked
            except ChatError as error:
                self._on_lost(error)
                return
