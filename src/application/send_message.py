"""Sends a message: every check, then its place in the next batch. The same for HTTP, STOMP and AMQP."""

import asyncio
from dataclasses import dataclass

from application.counters import Counters
from application.message_intake import Accepted, MessageIntake
from application.participants import Participants
from application.ports.ids import IdGenerator
from application.rate_limit import RateLimit
from domain.errors import Unavailable
from domain.identifiers import ClientMessageId, Email, Intent, MessageId, SessionId
from domain.message import Draft, check_content
from domain.principal import Principal


@dataclass(frozen=True, slots=True)
class SendMessageCommand:
    session_id: SessionId
    sender_email: Email
    intent: Intent
    content: str
    client_message_id: ClientMessageId


class SendMessage:
    def __init__(
        self,
        participants: Participants,
        intake: MessageIntake,
        rate_limit: RateLimit,
        ids: IdGenerator,
        counters: Counters,
    ) -> None:
        self._participants = participants
        self._intake = intake
        self._rate_limit = rate_limit
        self._ids = ids
        self._counters = counters

    async def submit(self, principal: Principal, command: SendMessageCommand, route: str) -> "asyncio.Future[Accepted]":
        """Checks the message and puts it in line; sends submitted one after the other are stored in that order.

        Raises `NotYourself`, `Invalid`, `RateLimited`, `SessionNotFound`, `NotAParticipant`, `ProfileNotFound`,
        `Unavailable`; the future fails with `IdempotencyConflict` or `Unavailable`.
        """
        principal.require(command.sender_email, "senderEmail")
        check_content(command.content)
        self._rate_limit.take(principal)
        session, sender = await self._participants.as_profile(command.session_id, command.sender_email, command.intent)
        receiver = await self._participants.profile(session.peer_of(sender.id))
        if receiver is None:
            raise Unavailable("the receiver's profile is not known")
        future = self._intake.submit(
            Draft(
                MessageId(self._ids.new()),
                session.id,
                command.client_message_id,
                sender,
                receiver,
                command.content,
            )
        )
        future.add_done_callback(lambda done: self._count(done, route))
        return future

    async def __call__(self, principal: Principal, command: SendMessageCommand, route: str) -> Accepted:
        """Returns when the message is durable. Raises all that `submit` and its future do."""
        return await (await self.submit(principal, command, route))

    def _count(self, done: "asyncio.Future[Accepted]", route: str) -> None:
        if done.cancelled() or done.exception() is not None:
            return
        if done.result().repeated:
            self._counters.duplicates += 1
        else:
            self._counters.messages[route] += 1
