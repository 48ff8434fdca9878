"""Publishes messages and waits for the broker's confirms."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Final

from aio_pika import Message
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import DeliveryError, PublishError

from adapters.rabbitmq.connection.bounded import discard_result
from adapters.rabbitmq.connection.link import Link
from adapters.rabbitmq.settings import RabbitSettings
from domain.errors import Unavailable

ALARM_CHECK = 0.1
LONGEST: Final = 4
"""A publish that goes on ends after so many publish timeouts."""
MAX_NACKED: Final = 60.0
"""Seconds of nacks, at most, until the link is renewed once more: renewing it does not help against a full queue."""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """An AMQP message, its exchange and its routing key. Publishing fails when it is `mandatory` and has no queue."""

    message: Message
    exchange: str
    routing_key: str
    mandatory: bool = True


class Unroutable(Unavailable):
    """The broker has returned a mandatory message, since no queue is bound for it."""


class Publisher:
    """Publishes over `link`. Every publish has a time limit, and the number of messages in flight is limited."""

    def __init__(self, link: Link, settings: RabbitSettings) -> None:
        self._link = link
        self._timeout = settings.publish_timeout
        self._max_in_flight = settings.max_in_flight
        self._nacked_since: float | None = None
        self._renew_after = settings.publish_timeout
        self._confirmed_at = -inf  # monotonic
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def publish(self, messages: Sequence[OutgoingMessage]) -> None:
        """Returns when the broker has confirmed all messages, in this order.

        Raises `Unroutable` when a message was returned. Otherwise raises `Unavailable`: at once when the broker is away
        or has an alarm; when it has confirmed nothing for the publish timeout; and after `LONGEST` times that. Some of
        the messages may then be published.
        """
        if self._in_flight >= self._max_in_flight:
            raise Unavailable("too much waits for the broker")
        self._in_flight += len(messages)
        self._idle.clear()
        try:
            await self._publish(messages)
        finally:
            self._in_flight -= len(messages)
            if not self._in_flight:
                self._idle.set()

    async def drain(self) -> None:
        """Returns when no publish is in progress."""
        await self._idle.wait()

    async def _publish(self, messages: Sequence[OutgoingMessage]) -> None:
        channel = await self._link.writable()
        # pipelined: the channel's lock is fair, so that the order stays
        confirmed = asyncio.gather(
            *(self._publish_one(channel, message) for message in messages), return_exceptions=True
        )
        confirmed.add_done_callback(discard_result)
        try:
            await self._until_done(confirmed)
        finally:
            confirmed.cancel()
        for outcome in confirmed.result():
            # a nack, a return, a lost channel; or CancelledError, which the library raises for a lost channel
            if isinstance(outcome, PublishError):
                raise Unroutable("no queue is bound for it") from outcome
            if isinstance(outcome, BaseException):
                if isinstance(outcome, DeliveryError):
                    self._renew_link_if_stuck()
                raise Unavailable("the broker did not take it") from outcome
        self._nacked_since, self._renew_after = None, self._timeout

    def _renew_link_if_stuck(self) -> None:
        """Drops the link when RabbitMQ has only nacked for the publish timeout. Waits twice as long before each repeat.

        RabbitMQ 3.10 may nack all that one channel sends to a quorum queue whose leader was lost; others can send.
        """
        now = monotonic()
        if self._nacked_since is None:
            self._nacked_since = now
        elif now - self._nacked_since >= self._renew_after:
            self._nacked_since, self._renew_after = None, min(2 * self._renew_after, MAX_NACKED)
            self._link.drop()

    async def _until_done(self, confirmed: "asyncio.Future[list[BaseException | None]]") -> None:
        started = monotonic()
        while not confirmed.done():
            await asyncio.wait([confirmed], timeout=min(self._timeout, ALARM_CHECK))
            if confirmed.done():
                return
            # the broker sends `connection.blocked` only to publishers, and then confirms nothing
            if await self._link.is_blocked():
                raise Unavailable("the broker takes nothing at the moment")
            now = monotonic()
            # to publish again what a slow broker has in hand would make it slower still
            is_quiet = now - max(started, self._confirmed_at) >= self._timeout
            if is_quiet or now - started >= LONGEST * self._timeout:
                self._link.drop()  # without an alarm the node may be gone, so that another one is tried
                raise Unavailable("the broker did not confirm in time")

    async def _publish_one(self, channel: AbstractChannel, outgoing: OutgoingMessage) -> None:
        await hand_over(channel, outgoing)
        self._confirmed_at = monotonic()


async def hand_over(channel: AbstractChannel, outgoing: OutgoingMessage) -> None:
    """Returns when the broker has confirmed the message; on a channel without confirms, when it is written."""
    underlay = await channel.get_underlay_channel()
    await underlay.basic_publish(
        outgoing.message.body,
        exchange=outgoing.exchange,
        routing_key=outgoing.routing_key,
        properties=outgoing.message.properties,
        mandatory=outgoing.mandatory,
    )
