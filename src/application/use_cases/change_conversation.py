"""Changes one's own state of a session, and tells one's own devices (contract, section 15)."""

from application.access.acting import acting
from application.access.participants import Participants
from application.access.rate_limit import RateLimit
from application.commands import ConversationCommand
from application.delivery.session_events import SessionEvents
from application.ports.conversations import ConversationRepository
from domain.principal import Principal
from domain.rules.conversations import changed


class ChangeConversation:
    """Mutes, archives and pins a session, and keeps its draft (`PUT /api/chat/{sessionId}/state`)."""

    def __init__(
        self,
        participants: Participants,
        conversations: ConversationRepository,
        events: SessionEvents,
        rate_limit: RateLimit,
    ) -> None:
        self._participants = participants
        self._conversations = conversations
        self._events = events
        self._rate_limit = rate_limit

    async def __call__(self, principal: Principal, command: ConversationCommand) -> None:
        """Changes the caller's side. Durable on return.

        Raises `Invalid`, `RateLimited`, `NotYourself`, `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`,
        `IdempotencyConflict`, `Unavailable`.
        """
        self._rate_limit.take(principal)
        who = await acting(self._participants, principal, command.session_id, command.email)
        is_new = await self._conversations.change(
            who.session.id,
            who.me.id,
            lambda conversation, activity, now: changed(conversation, command.change, activity, now),
            command.operation(who.me.id),
        )
        if is_new:
            await self._events.publish_changed([who.session.id], who.me.email, [who.me.id])
