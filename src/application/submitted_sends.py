"""Sends that come through the queue (contract, section 8): from any AMQP producer, and those held for the store."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from application.chat_message import ChatMessage
from application.message_intake import Accepted as Stored
from application.ports.broker import Broker
from application.ports.push import Delivery
from application.ports.send_queue import Accepted, Later, Rejected, Verdict
from application.problem import problem_document
from application.requests import SendMessageRequest, decode_request, origin_of
from application.send_message import SendMessage
from domain.destination import ACK_QUEUE, ERROR_QUEUE, user_destination
from domain.errors import ChatError, RateLimited, TooLarge, Unavailable
from domain.identifiers import SessionId
from domain.principal import Service

log = logging.getLogger(__name__)

ROUTE = "amqp"

# whoever may put a send into the queue is trusted, and the body says for whom it is
_PRODUCER = Service(ROUTE, datetime.max.replace(tzinfo=UTC))
_SEND = msgspec.json.Decoder(SendMessageRequest)


class SubmittedSends:
    """The handler of the queue of sends. Who sent it is told: an ack for a repeat, or why it was rejected."""

    def __init__(self, send_message: SendMessage, broker: Broker, max_body: int = 64 * 1024) -> None:
        self._send_message = send_message
        self._broker = broker
        self._max_body = max_body

    async def __call__(self, bodies: Sequence[bytes]) -> Sequence[Verdict]:
        """One verdict a body, in order. What is no `ChatError` is raised: that is a failed try."""
        outcomes = await self._outcomes(bodies)
        told = [
            delivery
            for body, outcome in zip(bodies, outcomes, strict=True)
            if (delivery := _told(body, outcome)) is not None
        ]
        if told:
            await self._tell(told)
        return [_verdict(outcome) for outcome in outcomes]

    async def _outcomes(self, bodies: Sequence[bytes]) -> Sequence[Stored | ChatError]:
        waiting: set[SessionId] = set()
        # All are submitted before the first is waited for, so that they share a transaction. None waits for a busy
        # session, as the others of the batch would wait for it: it is handed over again with the next batch.
        submitted = [await self._submit(body, waiting) for body in bodies]
        futures = [each for each in submitted if not isinstance(each, ChatError)]
        stored = iter(await asyncio.gather(*futures, return_exceptions=True))
        outcomes: list[Stored | ChatError] = []
        for each in submitted:
            outcome = each if isinstance(each, ChatError) else next(stored)
            if not isinstance(outcome, Stored | ChatError):
                raise outcome
            outcomes.append(outcome)
        return outcomes

    async def _submit(self, body: bytes, waiting: set[SessionId]) -> "asyncio.Future[Stored] | ChatError":
        """`waiting` are sessions with a send that cannot be told yet: what follows it in the session waits too."""
        try:
            if len(body) > self._max_body:
                raise TooLarge
            command = decode_request(_SEND, body).command()
            if command.session_id in waiting:
                raise Unavailable
            try:
                return await self._send_message.submit(_PRODUCER, command, ROUTE, waits=False)
            except Unavailable:
                waiting.add(command.session_id)
                raise
        except ChatError as error:
            return error

    async def _tell(self, deliveries: Sequence[Delivery]) -> None:
        try:
            await self._broker.publish(deliveries)
        except Unavailable:
            # the store and the dead letters are the record, this is news
            log.info("senders were not told what became of %d sends: the broker is away", len(deliveries))


def _verdict(outcome: Stored | ChatError) -> Verdict:
    if isinstance(outcome, Stored):
        return Accepted()
    if isinstance(outcome, Unavailable | RateLimited):
        return Later()
    return Rejected(outcome.code)


def _told(body: bytes, outcome: Stored | ChatError) -> Delivery | None:
    """What the sender is to be told at once; of a message stored for the first time it hears by the outbox."""
    if isinstance(outcome, Stored):
        if not outcome.repeated:
            return None
        message = ChatMessage.from_json(outcome.body)
        return Delivery(user_destination(message.sender_email, ACK_QUEUE), outcome.body, message.key())
    return _refusal(body, outcome) if isinstance(_verdict(outcome), Rejected) else None


def _refusal(body: bytes, error: ChatError) -> Delivery | None:
    """To whoever sent it, if that can be read."""
    sender, client_message_id = origin_of(body)
    if sender is None:
        return None
    document = problem_document(error, client_message_id)
    return Delivery(user_destination(sender, ERROR_QUEUE), msgspec.json.encode(document).decode())
