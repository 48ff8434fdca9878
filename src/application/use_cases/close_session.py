"""Closes a session for both, and tells both, but for one that has blocked who closes it (contract, section 16)."""

from application.access.acting import acting
from application.access.participants import Participants
from application.access.rate_limit import RateLimit
from application.commands import CloseCommand
from application.delivery.session_events import SessionEvents
from application.ports.sessions import SessionRepository
from domain.principal import Principal
from domain.rules.standing import withholds
from domain.standing import OPEN


class CloseSession:
    """`POST /api/chat/{sessionId}/close`: nothing new comes into the session any more."""

    def __init__(
        self, participants: Participants, sessions: SessionRepository, events: SessionEvents, rate_limit: RateLimit
    ) -> None:
        self._participants = participants
        self._sessions = sessions
        self._events = events
        self._rate_limit = rate_limit

    async def __call__(self, principal: Principal, command: CloseCommand) -> None:
        """Closes the session. Durable on return. A closed one stays closed.

        Raises `Invalid`, `RateLimited`, `NotYourself`, `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`,
        `IdempotencyConflict`, `Unavailable`.
        """
        self._rate_limit.take(principal)
        who = await acting(self._participants, principal, command.session_id, command.email)
        if await self._sessions.close(who.session.id, command.operation(who.me.id)):
            standing = (await self._sessions.standings([who.session.id])).get(who.session.id, OPEN)
            for side in (who.me, who.peer):
                if side.email and not (side is who.peer and withholds(standing, side.id)):
                    await self._events.publish_changed([who.session.id], side.email, [side.id])
