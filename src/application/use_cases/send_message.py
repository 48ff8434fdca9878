"""Sends a message: every check, then its place in the next batch. The same for HTTP, STOMP and AMQP."""

import asyncio
from collections.abc import Sequence

from application.access.participants import Participants, Participation
from application.access.rate_limit import RateLimit
from application.commands import SendMessageCommand
from application.delivery.message_intake import Accepted, MessageIntake
from application.ports.ids import IdGenerator
from domain.errors import ChatError, TransactionAborted
from domain.identifiers import Email, MessageId
from domain.message import Draft, check_content
from domain.principal import Principal


class SendMessage:
    def __init__(
        self,
        participants: Participants,
        intake: MessageIntake,
        rate_limit: RateLimit,
        ids: IdGenerator,
    ) -> None:
        self._participants = participants
        self._intake = intake
        self._rate_limit = rate_limit
        self._ids = ids

    def check_load(self, principal: Principal) -> None:
        """Raises `Overloaded` when a message of `principal` would wait too long; it costs less than `submit`."""
        self._intake.check_load(Email(principal.name))

    async def submit(
        self, principal: Principal, command: SendMessageCommand, route: str, *, waits: bool = True
    ) -> "asyncio.Future[Accepted]":
        """Checks the message and puts it in line; sends submitted one after the other are stored in that order.

        Raises `NotYourself`, `Invalid`, `RateLimited`, `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`,
        `Unavailable`: then the message may not have been checked. `Overloaded` is raised only when it `waits`. The
        future fails with `IdempotencyConflict` or `Unavailable`: with `StoreUnavailable` when only the store is
        missing, and with `SessionBusy` at once when it does not wait for a session that somebody else has locked.
        """
        self._rate_limit.take(principal)
        if waits:
            self._intake.check_load(command.sender_email)
        return self._intake.submit(self._draft(command, await self.check(principal, command)), route, waits=waits)

    def submit_if_known(
        self, principal: Principal, command: SendMessageCommand, route: str
    ) -> "asyncio.Future[Accepted] | None":
        """As `submit`, but at once: None, and nothing is done, where somebody has to be asked who takes part."""
        who = self._participants.known_participation(command.session_id, command.sender_email, command.intent)
        if who is None:
            return None
        self._rate_limit.take(principal)
        self._intake.check_load(command.sender_email)
        _check(principal, command)
        return self._intake.submit(self._draft(command, who), route)

    async def together(
        self, principal: Principal, commands: Sequence[SendMessageCommand], route: str
    ) -> Sequence[Accepted | ChatError]:
        """Stores all of them in one transaction, or none. One outcome a command, all `Accepted` or all refused.

        The errors are those of `submit` and its future, and `TransactionAborted` where another message is at fault.
        """
        checked = [await self._checked(principal, command) for command in commands]
        if any(isinstance(one, ChatError) for one in checked):
            return [one if isinstance(one, ChatError) else TransactionAborted() for one in checked]
        drafts = [one for one in checked if isinstance(one, Draft)]
        try:
            self._rate_limit.take(principal, len(drafts))
            for draft in drafts[:1]:
                self._intake.check_load(draft.sender.email)
            stored = self._intake.submit_transaction(drafts, route)
        except ChatError as error:
            return [error] * len(drafts)
        outcomes = await asyncio.gather(*stored, return_exceptions=True)
        return [_outcome(one) for one in outcomes]

    async def _checked(self, principal: Principal, command: SendMessageCommand) -> Draft | ChatError:
        try:
            return self._draft(command, await self.check(principal, command))
        except ChatError as error:
            return error

    def _draft(self, command: SendMessageCommand, who: Participation) -> Draft:
        session, sender, receiver = who
        return Draft(
            MessageId(self._ids.new()), session.id, command.client_message_id, sender, receiver, command.content
        )

    async def check(self, principal: Principal, command: SendMessageCommand) -> Participation:
        """Who would send it to whom, and where; nothing is sent. Raises what `submit` does, but `RateLimited`."""
        _check(principal, command)
        return await self._participants.participation(command.session_id, command.sender_email, command.intent)

    async def __call__(self, principal: Principal, command: SendMessageCommand, route: str) -> Accepted:
        """Returns when the message is durable. Raises all that `submit` and its future do."""
        return await (await self.submit(principal, command, route))


def _check(principal: Principal, command: SendMessageCommand) -> None:
    principal.require(command.sender_email, "senderEmail")
    check_content(command.content)


def _outcome(outcome: Accepted | BaseException) -> Accepted | ChatError:
    """Raises what is not the fault of a message."""
    if isinstance(outcome, Accepted | ChatError):
        return outcome
    raise outcome
