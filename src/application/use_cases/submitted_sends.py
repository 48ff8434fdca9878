"""Stores the sends of the queue: those of AMQP producers, and those held while the store was away.

See contract, section 8.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from application.commands import SendMessageCommand
from application.delivery.message_intake import Accepted
from application.ports.broker import Broker
from application.ports.clock import Clock
from application.ports.push import Delivery
from application.ports.send_queue import Accept, PutAside, Reject, Retry, Submission, Verdict
from application.use_cases.send_message import SendMessage
from application.use_cases.sends_aside import OrderingKey, SendsAside, ordering_key
from application.wire.chat_message import ChatMessage
from application.wire.problem import problem_document
from application.wire.requests.bodies import SendMessageRequest, decode_request, origin_of, sender_in_beginning
from domain.destination import ACK_QUEUE, ERROR_QUEUE, user_destination
from domain.errors import ChatError, HeldTooLong, RateLimited, SessionBusy, StoreUnavailable, TooLarge, Unavailable
from domain.principal import Service

log = logging.getLogger(__name__)

ROUTE = "amqp"
FIRST_RETRY, LONGEST_RETRY = 1.0, 60.0  # seconds
LONGEST_STORE_RETRY = 5.0  # when the store was away for some sends of a batch, but not for others
BUSY_FOR = 5.0  # for how long a session is expected to be locked at most

# producers are trusted: the body says who sends
_PRODUCER = Service(ROUTE, datetime.max.replace(tzinfo=UTC))
_SEND = msgspec.json.Decoder(SendMessageRequest)
_UNDECIDED = (Unavailable, RateLimited)


class _EarlierWaits(Unavailable):
    """An earlier send with the same ordering key was put aside, and comes back in `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__("an earlier message of the same sender waits")
        self.seconds = seconds


class SubmittedSends:
    """The handler of the queue of sends. Sends an ack for a repeat, and a problem document for a rejected send.

    A send that cannot be decided is tried again until it was held for `max_age` seconds. The wait is as long as it was
    held so far, up to a minute. `max_body` is in octets.
    """

    def __init__(
        self,
        send_message: SendMessage,
        broker: Broker,
        clock: Clock,
        *,
        max_body: int,
        max_age: float,
    ) -> None:
        self._send_message = send_message
        self._broker = broker
        self._max_body = max_body
        self._max_age = max_age
        self._aside = SendsAside(clock)

    async def __call__(self, submissions: Sequence[Submission]) -> Sequence[Verdict]:
        """Gives one verdict for each submission, in order. Raises any error that is no `ChatError`: a failed try."""
        commands = [self._read(submission.body) for submission in submissions]
        outcomes = await self._outcomes(submissions, commands)
        store_is_up = any(isinstance(outcome, Accepted) for outcome in outcomes)
        verdicts = [
            self._verdict(submission, outcome, store_is_up)
            for submission, outcome in zip(submissions, outcomes, strict=True)
        ]
        for command, verdict in zip(commands, verdicts, strict=True):
            if not isinstance(command, ChatError):
                self._note(command, verdict)
        notifications = [
            delivery
            for submission, outcome in zip(submissions, outcomes, strict=True)
            if (delivery := _notification(submission.body, outcome)) is not None
        ]
        if notifications:
            await self._notify(notifications)
        return verdicts

    def _note(self, command: SendMessageCommand, verdict: Verdict) -> None:
        if isinstance(verdict, PutAside):
            self._aside.add(command, verdict.retry_in)
        elif not isinstance(verdict, Retry):
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
    ) -> Sequence[Accepted | ChatError]:
        undecided: dict[OrderingKey, Unavailable] = {}
        # All are submitted before the first is awaited, so that they share a transaction. None waits for a locked
        # session, as the rest of the batch would wait with it.
        submitted = [await self._submit(command, undecided) for command in commands]
        futures = [future for future in submitted if not isinstance(future, ChatError)]
        stored = iter(await asyncio.gather(*futures, return_exceptions=True))
        outcomes: list[Accepted | ChatError] = []
        for submission, future in zip(submissions, submitted, strict=True):
            outcome = future if isinstance(future, ChatError) else next(stored)
            if not isinstance(outcome, Accepted | ChatError):
                raise outcome
            outcomes.append(self._or_held_too_long(submission, outcome))
        return outcomes

    async def _submit(
        self, command: SendMessageCommand | ChatError, undecided: dict[OrderingKey, Unavailable]
    ) -> "asyncio.Future[Accepted] | ChatError":
        """Submits a command, unless an earlier one with its ordering key is in `undecided` or aside.

        Adds to `undecided`.
        """
        if isinstance(command, ChatError):
            return command
        key = ordering_key(command)
        if key in undecided:
            return undecided[key]
        try:
            if (wait := self._aside.wait_behind_another(command)) is not None:
                raise _EarlierWaits(wait)
            stored = await self._send_message.submit(_PRODUCER, command, ROUTE, waits=False)
        except Unavailable as error:
            undecided.setdefault(key, error)
            return error
        except ChatError as error:
            return error
        self._aside.forget(command)  # later sends of this batch are submitted behind it
        return stored

    def _or_held_too_long(self, submission: Submission, outcome: Accepted | ChatError) -> Accepted | ChatError:
        """The outcome, or `HeldTooLong` when the send would be tried again after its time."""
        if isinstance(outcome, _UNDECIDED) and submission.held_for >= self._max_age:
            return HeldTooLong(f"the message could not be stored in time: {outcome.detail}")
        return outcome

    @staticmethod
    def _verdict(submission: Submission, outcome: Accepted | ChatError, store_is_up: bool) -> Verdict:
        if isinstance(outcome, Accepted):
            return Accept()
        if _store_is_away(submission, outcome, store_is_up):
            return Retry()
        if isinstance(outcome, _EarlierWaits):
            return PutAside(max(FIRST_RETRY, outcome.seconds))
        if isinstance(outcome, _UNDECIDED):
            longest = LONGEST_STORE_RETRY if isinstance(outcome, StoreUnavailable) else LONGEST_RETRY
            return PutAside(min(longest, max(FIRST_RETRY, submission.held_for)))
        return Reject(outcome.code)

    async def _notify(self, deliveries: Sequence[Delivery]) -> None:
        try:
            await self._broker.publish(deliveries)
        except Unavailable:
            # nothing is lost: messages are in the store, rejected sends among the dead letters
            log.info("senders were not told what became of %d sends: the broker is away", len(deliveries))


def _store_is_away(submission: Submission, outcome: ChatError, store_is_up: bool) -> bool:
    """Whether the send waits only for the store. A session that stays locked shall not keep the other sends waiting."""
    if isinstance(outcome, SessionBusy):
        return submission.held_for < BUSY_FOR
    return isinstance(outcome, StoreUnavailable) and not store_is_up


def _notification(body: bytes, outcome: Accepted | ChatError) -> Delivery | None:
    """What the sender is told now. For a message that was stored for the first time the outbox has the ack."""
    if isinstance(outcome, Accepted):
        if not outcome.repeated:
            return None
        message = ChatMessage.from_json(outcome.body)
        return Delivery(user_destination(message.sender_email, ACK_QUEUE), outcome.body, message.key())
    return None if isinstance(outcome, _UNDECIDED) else _refusal(body, outcome)


def _refusal(body: bytes, error: ChatError) -> Delivery | None:
    """The problem document for the sender. None when the sender cannot be read from the body."""
    sender, client_message_id = origin_of(body)
    if sender is None and isinstance(error, TooLarge):
        sender = sender_in_beginning(body)
    if sender is None:
        return None
    document = problem_document(error, client_message_id)
    return Delivery(user_destination(sender, ERROR_QUEUE), msgspec.json.encode(document).decode())
