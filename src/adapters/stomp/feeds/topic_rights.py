"""Whether a connection may still read the sessions that it is subscribed to: FlairBit may give an address away."""

import asyncio
from collections import Counter
from collections.abc import Callable

from application.access.participants import Participants
from domain.destination import parse_session_topic
from domain.errors import ChatError, Unavailable
from domain.identifiers import SessionId
from domain.principal import Principal


class TopicRights:
    """Asks again every `interval` seconds. A right that was lost goes to `on_lost`."""

    def __init__(self, participants: Participants, interval: float, on_lost: Callable[[Exception], None]) -> None:
        self._participants = participants
        self._interval = interval
        self._on_lost = on_lost
        self._sessions: Counter[SessionId] = Counter()
        self._checked_at = 0.0
        self._checking: asyncio.Task[None] | None = None

    def add(self, destination: str) -> None:
        """One subscription more of `destination`; others than topics need no rights."""
        session_id = parse_session_topic(destination)
        if session_id is not None:
            self._sessions[session_id] += 1

    def remove(self, destination: str) -> None:
        session_id = parse_session_topic(destination)
        if session_id is not None:
            self._sessions[session_id] -= 1
            self._sessions += Counter()  # keeps what is above zero

    def check(self, principal: Principal, now: float) -> None:
        """Called every now and then; `now` in seconds."""
        is_checking = self._checking is not None and not self._checking.done()
        if self._sessions and not is_checking and now - self._checked_at >= self._interval:
            self._checked_at = now
            self._checking = asyncio.create_task(self._check(principal), name="topic rights")

    def stop(self) -> None:
        if self._checking is not None:
            self._checking.cancel()

    async def _check(self, principal: Principal) -> None:
        for session_id in tuple(self._sessions):
            try:
                await self._participants.for_reader(session_id, principal)
            except Unavailable:
                continue  # what was known stands while nobody can be asked
            except ChatError as error:
                self._on_lost(error)
                return
