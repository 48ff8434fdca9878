"""Sends messages: checks them, and hands them to the intake. The same for HTTP, STOMP and AMQP."""

import asyncio
from collections.abc import Sequence

from application.access.participants import Participants, Participation
from application.access.rate_limit import RateLimit
from application.commands import SendMessageCommand
from application.delivery.message_intake import Accepted, MessageIntake
from application.ports.ids import IdGenerator
from domain.errors import ChatError, TransactionAborted
from domain.features import Feature, Features
from domain.identifiers import Email, MessageId
from domain.message import Draft, check_content
from domain.principal import Principal


class SendMessage:
    """Sends messages (contract, sections 5 to 8)."""

    def __init__(
        self,
        participants: Participants,
        intake: MessageIntake,
        rate_limit: RateLimit,
        ids: IdGenerator,
        features: Features,
    ) -> None:
        self._participants = participants
        self._intake = intake
        self._rate_limit = rate_limit
        self._ids = ids
        self._features = features

    def check_load(self, principal: Principal) -> None:
        """Raises `Overloaded` when a message of `principal` would wait too long for the store.

        Cheaper than `submit`.
        """
        self._intake.check_load(Email(principal.name))

    async def submit(
        self, principal: Principal, command: SendMessageCommand, route: str, *, waits: bool = True
    ) -> "asyncio.Future[Accepted]":
        """Checks a message and hands it to the intake. Messages are stored in the order of the calls.

        Raises `NotYourself`, `Invalid`, `RateLimited`, `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`,
        `Unavailable`, and `Overloaded` when the message `waits`. When it raises `Unavailable`, perhaps not all was
        checked. The future fails with `IdempotencyConflict`, `SessionClosed` or `Unavailable`: with `StoreUnavailable`
        when only the store is away, and with `SessionBusy` at once when the message does not wait and somebody else has
        locked its session.
        """
        self._rate_limit.take(principal)
        if waits:
            self._intake.check_load(command.sender_email)
        return self._intake.submit(self._draft(command, await self.check(principal, command)), route, waits=waits)

    def submit_if_known(
        self, principal: Principal, command: SendMessageCommand, route: str
    ) -> "asyncio.Future[Accepted] | None":
        """Does what `submit` does without waiting.

        Returns None, and does nothing, when the participation is not cached.
        """
        participation = self._participants.known_participation(command.session_id, command.sender_email, command.intent)
        if participation is None:
            return None
        self._rate_limit.take(principal)
        self._intake.check_load(command.sender_email)
        self._check(principal, command)
        return self._intake.submit(self._draft(command, participation), route)

    async def together(
        self, principal: Principal, commands: Sequence[SendMessageCommand], route: str
    ) -> Sequence[Accepted | ChatError]:
        """Stores all messages in one transaction, or none of them.

        Gives one result for each command, in order: all are `Accepted`, or all are errors. The errors are those of
        `submit` and its future, and `TransactionAborted` when another message is at fault.
        """
        checked = [await self._checked(principal, command) for command in commands]
        if any(isinstance(draft, ChatError) for draft in checked):
            return [draft if isinstance(draft, ChatError) else TransactionAborted() for draft in checked]
        drafts = [draft for draft in checked if isinstance(draft, Draft)]
        try:
            self._rate_limit.take(principal, len(drafts))
            for draft in drafts[:1]:
                self._intake.check_load(draft.sender.email)
            stored = self._intake.submit_transaction(drafts, route)
        except ChatError as error:
            return [error] * len(drafts)
        outcomes = await asyncio.gather(*stored, return_exceptions=True)
        return [_result(outcome) for outcome in outcomes]

    async def _checked(self, principal: Principal, command: SendMessageCommand) -> Draft | ChatError:
        try:
            return self._draft(command, await self.check(principal, command))
        except ChatError as error:
            return error

    def _draft(self, command: SendMessageCommand, participation: Participation) -> Draft:
        session, sender, receiver = participation
        return Draft(
            MessageId(self._ids.new()),
            session.id,
            command.client_message_id,
            sender,
            receiver,
            command.content,
            reply_to=command.reply_to,
        )

    def _check(self, principal: Principal, command: SendMessageCommand) -> None:
        principal.require(command.sender_email, "senderEmail")
        if command.reply_to is not None:
            self._features.require(Feature.REPLY, field="replyTo")
        check_content(command.content)

    async def check(self, principal: Principal, command: SendMessageCommand) -> Participation:
        """Checks a message, and returns who would send it to whom. Sends nothing.

        Raises what `submit` raises, except `RateLimited` and `Overloaded`.
        """
        self._check(principal, command)
        return await self._participants.participation(command.session_id, command.sender_email, command.intent)

    async def __call__(self, principal: Principal, command: SendMessageCommand, route: str) -> Accepted:
        """Sends a message. It is durable on return. Raises the errors of `submit` and of its future."""
        return await (await self.submit(principal, command, route))


def _result(outcome: Accepted | BaseException) -> Accepted | ChatError:
    """Returns the result of a message, and raises any other error."""
    if isinstance(outcome, Accepted | ChatError):
        return outcome
    raise outcome
