"""Sends that come through the queue (contract, section 8): from any AMQP producer, and those held for the store."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from application.commands import SendMessageCommand
from application.delivery.message_intake import Accepted as Stored
from application.ports.broker import Broker
from application.ports.clock import Clock
from application.ports.push import Delivery
from application.ports.send_queue import Accepted, Aside, Later, Rejected, Submission, Verdict
from application.use_cases.send_message import SendMessage
from application.use_cases.sends_aside import Line, SendsAside, line_of
from application.wire.chat_message import ChatMessage
from application.wire.problem import problem_document
from application.wire.requests import SendMessageRequest, decode_request, origin_of
from domain.destination import ACK_QUEUE, ERROR_QUEUE, user_destination
from domain.errors import ChatError, HeldTooLong, RateLimited, SessionBusy, StoreUnavailable, TooLarge, Unavailable
from domain.principal import Service

log = logging.getLogger(__name__)

ROUTE = "amqp"
FIRST_RETRY, LONGEST_RETRY = 1.0, 60.0
LONGEST_STORE_RETRY = 5.0  # where the store was away for some sends of a batch and there for others
BUSY_FOR = 5.0  # so long a session is expected to be busy at most

# whoever may put a send into the queue is trusted, and the body says for whom it is
_PRODUCER = Service(ROUTE, datetime.max.replace(tzinfo=UTC))
_SEND = msgspec.json.Decoder(SendMessageRequest)
_UNDECIDED = (Unavailable, RateLimited)


class SubmittedSends:
    """The handler of the queue of sends. Who sent it is told: an ack for a repeat, or why it was rejected.

    What cannot be decided is tried again until it was held for `max_age` seconds, each time after as long as it was
    held so far, up to a minute. `max_body` is in octets.
    """

    def __init__(
        self,
        send_message: SendMessage,
        broker: Broker,
        clock: Clock,
        *,
        max_body: int = 64 * 1024,
        max_age: float = 86_400.0,
    ) -> None:
        self._send_message = send_message
        self._broker = broker
        self._max_body = max_body
        self._max_age = max_age
        self._aside = SendsAside(clock)

    async def __call__(self, submissions: Sequence[Submission]) -> Sequence[Verdict]:
        """One verdict each, in order. What is no `ChatError` is raised: that is a failed try."""
        commands = [self._read(submission.body) for submission in submissions]
        outcomes = await self._outcomes(submissions, commands)
        store_is_there = any(isinstance(outcome, Stored) for outcome in outcomes)
        verdicts = [
            self._verdict(submission, outcome, store_is_there)
            for submission, outcome in zip(submissions, outcomes, strict=True)
        ]
        for command, verdict in zip(commands, verdicts, strict=True):
            if not isinstance(command, ChatError):
                self._note(command, verdict)
        told = [
            delivery
            for submission, outcome in zip(submissions, outcomes, strict=True)
            if (delivery := _told(submission.body, outcome)) is not None
        ]
        if told:
            await self._tell(told)
        return verdicts

    def _note(self, command: SendMessageCommand, verdict: Verdict) -> None:
        if isinstance(verdict, Aside):
            self._aside.add(command, verdict.retry_in)
        elif not isinstance(verdict, Later):
            self._aside.forget(command)

    def _read(self, body: bytes) -> SendMessageCommand | ChatError:
        try:
            if len(body) > self._max_body:
                raise TooLarge
            return decode_request(_SEND, body).command()
        except ChatError as error:
            return error

    async def _outcomes(
        self, submissions: Sequence[Submission], commands: Sequence[SendMessageCommand | ChatError]
    ) -> Sequence[Stored | ChatError]:
        waiting: dict[Line, Unavailable] = {}
        # All are submitted before the first is waited for, so that they share a transaction. None waits for a busy
        # session, as the others of the batch would wait for it.
        submitted = [await self._submit(command, waiting) for command in commands]
        futures = [each for each in submitted if not isinstance(each, ChatError)]
        stored = iter(await asyncio.gather(*futures, return_exceptions=True))
        outcomes: list[Stored | ChatError] = []
        for submission, each in zip(submissions, submitted, strict=True):
            outcome = each if isinstance(each, ChatError) else next(stored)
            if not isinstance(outcome, Stored | ChatError):
                raise outcome
            outcomes.append(self._ended(submission, outcome))
        return outcomes

    async def _submit(
        self, command: SendMessageCommand | ChatError, waiting: dict[Line, Unavailable]
    ) -> "asyncio.Future[Stored] | ChatError":
        """`waiting` says why the first of a line cannot be decided: what follows it waits too."""
        if isinstance(command, ChatError):
            return command
        line = line_of(command)
        try:
            if line in waiting:
                raise type(waiting[line])(waiting[line].detail)
            if self._aside.is_behind_another(command):
                raise Unavailable("an earlier message of the same sender waits")
            stored = await self._send_message.submit(_PRODUCER, command, ROUTE, waits=False)
        except Unavailable as error:
            waiting.setdefault(line, error)
            return error
        except ChatError as error:
            return error
        self._aside.forget(command)  # what follows it in this batch comes after it now
        return stored

    def _ended(self, submission: Submission, outcome: Stored | ChatError) -> Stored | ChatError:
        """As it is, unless it says to try again and there is no time left for that."""
        if isinstance(outcome, _UNDECIDED) and submission.held_for >= self._max_age:
            return HeldTooLong(f"the message could not be stored in time: {outcome.detail}")
        return outcome

    @staticmethod
    def _verdict(submission: Submission, outcome: Stored | ChatError, store_is_there: bool) -> Verdict:
        if isinstance(outcome, Stored):
            return Accepted()
        if _is_for_the_store(submission, outcome, store_is_there):
            return Later()
        if isinstance(outcome, _UNDECIDED):
            longest = LONGEST_STORE_RETRY if isinstance(outcome, StoreUnavailable) else LONGEST_RETRY
            return Aside(min(longest, max(FIRST_RETRY, submission.held_for)))
        return Rejected(outcome.code)

    async def _tell(self, deliveries: Sequence[Delivery]) -> None:
        try:
            await self._broker.publish(deliveries)
        except Unavailable:
            # the store and the dead letters are the record, this is news
            log.info("senders were not told what became of %d sends: the broker is away", len(deliveries))


def _is_for_the_store(submission: Submission, outcome: ChatError, store_is_there: bool) -> bool:
    """Whether nothing but the store is missing. One session that stays busy is no reason to keep the others waiting."""
    if isinstance(outcome, SessionBusy):
        return submission.held_for < BUSY_FOR
    return isinstance(outcome, StoreUnavailable) and not store_is_there


def _told(body: bytes, outcome: Stored | ChatError) -> Delivery | None:
    """What the sender is to be told at once; of a message stored for the first time it hears by the outbox."""
    if isinstance(outcome, Stored):
        if not outcome.repeated:
            return None
        message = ChatMessage.from_json(outcome.body)
        return Delivery(user_destination(message.sender_email, ACK_QUEUE), outcome.body, message.key())
    return None if isinstance(outcome, _UNDECIDED) else _refusal(body, outcome)


def _refusal(body: bytes, error: ChatError) -> Delivery | None:
    """To whoever sent it, if that can be read."""
    sender, client_message_id = origin_of(body)
    if sender is None:
        return None
    document = problem_document(error, client_message_id)
    return Delivery(user_destination(sender, ERROR_QUEUE), msgspec.json.encode(document).decode())
