"""Edits, deletes and reacts to messages, and tells both sides (contract, section 13)."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from application.access.acting import acting
from application.access.participants import Participants, Participation
from application.access.rate_limit import RateLimit
from application.commands import ChangeCommand, DeleteCommand, EditCommand, ReactCommand
from application.delivery.change_events import ChangeEvents
from application.delivery.present_deliveries import QUEUED_UNCHECKED_SECONDS
from application.delivery.present_push import UNCHECKED_SECONDS
from application.delivery.shown_messages import ShownMessages
from application.ports.changes.message_changes import Changed, MessageChanges, Rule
from application.ports.clock import Clock
from application.wire.chat_message import ChatMessage
from application.wire.message_views import MessageViews
from domain.message import Message
from domain.principal import Principal
from domain.rules.change_policy import ChangePolicy, hide, react
from domain.rules.standing import require_may_write, withheld, withholds
from domain.standing import Standing

UNCHECKED: Final = timedelta(seconds=UNCHECKED_SECONDS + QUEUED_UNCHECKED_SECONDS)
"""How old a delivery may be that is written without being looked up."""
CLOCKS_DIFFER: Final = timedelta(seconds=0.5)
"""How much the clocks of instances and of the store may differ."""


class ChangeMessage:
    """Changes messages. Each change is durable when its call returns."""

    def __init__(
        self,
        participants: Participants,
        changes: MessageChanges,
        rules: ChangePolicy,
        views: MessageViews,
        shown: ShownMessages,
        events: ChangeEvents,
        clock: Clock,
        rate_limit: RateLimit,
    ) -> None:
        self._participants = participants
        self._changes = changes
        self._rules = rules
        self._views = views
        self._shown = shown
        self._events = events
        self._clock = clock
        self._rate_limit = rate_limit

    async def edit(self, principal: Principal, command: EditCommand) -> ChatMessage:
        """Gives a message another text. Returns it as its sender sees it now.

        Raises what `ChangePolicy.edit` raises, `RateLimited`, `NotYourself`, `SessionNotFound`, `NotAParticipant`,
        `ProfileNotFound`, `MessageNotFound`, `SessionClosed`, `YouBlocked`, `IdempotencyConflict`, `Unavailable`.
        """
        who = await self._participation(principal, command)

        def rule(message: Message, now: datetime, standing: Standing) -> Message:
            require_may_write(standing, who.me.id)
            edited = self._rules.edit(message, who.me.id, now, command.content, command.version)
            return message if edited is message else withheld(edited, standing, who.peer.id)

        changed = await self._change(command, who, rule)
        (message,) = await self._shown.of([changed.message], who.profiles, {who.me.id})
        return message

    async def delete(self, principal: Principal, command: DeleteCommand) -> None:
        """Deletes a message, also in a closed session. A deleted one stays as it is.

        No delivery of the text begins after it has returned: it waits for those that are made unchecked. Raises what
        `edit` raises but for the edit's own, `SessionClosed` and `YouBlocked`, and `DeleteWindowOver`.
        """
        who = await self._participation(principal, command)
        rule = self._rules.delete if command.for_everyone else hide
        changed = await self._change(
            command, who, lambda message, now, _: rule(message, who.me.id, now), to_both=command.for_everyone
        )
        told_at = changed.message.changes.edited_at or changed.message.sent_at
        checked_from = told_at + UNCHECKED + CLOCKS_DIFFER
        await asyncio.sleep(max(0.0, (checked_from - self._clock.now()).total_seconds()))

    async def react(self, principal: Principal, command: ReactCommand) -> None:
        """Sets or takes away the reaction of the caller. Raises what `edit` raises but for the edit's own."""
        who = await self._participation(principal, command)

        def rule(message: Message, _: datetime, standing: Standing) -> Message:
            require_may_write(standing, who.me.id)
            return react(message, who.me.id, command.emoji, withheld=withholds(standing, who.peer.id))

        await self._change(command, who, rule)

    async def _participation(self, principal: Principal, command: ChangeCommand) -> Participation:
        self._rate_limit.take(principal)
        return await acting(self._participants, principal, command.session_id, command.email)

    async def _change(self, command: ChangeCommand, who: Participation, rule: Rule, *, to_both: bool = True) -> Changed:
        operation = command.operation(who.me.id)
        changed = await self._changes.change(who.session.id, command.message_id, rule, self._views.rewritten, operation)
        if changed.is_new:
            to_peer = to_both and not withholds(changed.standing, who.peer.id)
            await self._events.tell(changed.message, [who.me, who.peer] if to_peer else [who.me], who)
        return changed
