"""Counts what a user has not read, and marks messages as unread (contract, section 15)."""

from typing import Final

from application.access.acting import acting
from application.access.participants import Participants
from application.access.rate_limit import RateLimit
from application.access.read_limit import ReadLimit
from application.commands import MarkUnreadCommand
from application.delivery.session_events import SessionEvents
from application.ports.profiles import ProfileDirectory
from application.ports.unread import UnreadRepository
from application.wire.unread import UnreadCounts, counts_of
from domain.identifiers import Email
from domain.principal import Principal

MAX_SESSIONS: Final = 200


class CountUnread:
    """`GET /api/chat/unread-counts` and `POST /api/chat/{sessionId}/unread`."""

    def __init__(
        self,
        participants: Participants,
        directory: ProfileDirectory,
        unread: UnreadRepository,
        events: SessionEvents,
        rate_limit: RateLimit,
        read_limit: ReadLimit,
    ) -> None:
        self._participants = participants
        self._directory = directory
        self._unread = unread
        self._events = events
        self._rate_limit = rate_limit
        self._read_limit = read_limit

    async def __call__(self, principal: Principal, given: Email | None) -> UnreadCounts:
        """What a user has not read. `given` is its e-mail; a user may leave it out.

        Raises `NotYourself`, `Invalid`, `RateLimited`, `Unavailable`.
        """
        with self._read_limit.reading(principal, 1):
            email = principal.acting_for(given)
            mine = [profile.id for profile in await self._directory.of_email(email)]
            totals = (await self._unread.totals({email: mine})).totals[email]
            return counts_of(totals, await self._unread.sessions(mine, MAX_SESSIONS) if totals.total else ())

    async def mark(self, principal: Principal, command: MarkUnreadCommand) -> None:
        """Marks messages as unread for the caller, and tells its devices. Durable on return.

        Raises `Invalid`, `RateLimited`, `NotYourself`, `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`,
        `IdempotencyConflict`, `Unavailable`.
        """
        self._rate_limit.take(principal)
        who = await acting(self._participants, principal, command.session_id, command.email)
        operation = command.operation(who.me.id)
        if await self._unread.mark_unread(who.session.id, who.me.id, command.from_seq, operation):
            await self._events.publish_changed([who.session.id], who.me.email, [who.me.id])
