"""Publishing that is success only when the broker has confirmed it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from aio_pika import Message
from aio_pika.abc import AbstractChannel

from adapters.rabbitmq.bounded import hear
from adapters.rabbitmq.link import Link
from adapters.rabbitmq.settings import RabbitSettings
from domain.errors import Unavailable

ALARM_CHECK = 0.1


@dataclass(frozen=True, slots=True)
class Letter:
    """An AMQP message with its address. A `mandatory` one that reaches no queue has failed."""

    message: Message
    exchange: str
    routing_key: str
    mandatory: bool = True


class Publisher:
    """Publishes over `link`; everything has a bounded time, and a bounded number is under way."""

    def __init__(self, link: Link, settings: RabbitSettings) -> None:
        self._link = link
        self._timeout = settings.publish_timeout
        self._max_in_flight = settings.max_in_flight
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def publish(self, letters: Sequence[Letter]) -> None:
        """Returned means that the broker has confirmed them all, in this order.

        Raises `Unavailable`: at once when the broker is away or has raised an alarm, after the publish timeout at the
        latest; then some may have gone out.
        """
        if self._in_flight >= self._max_in_flight:
            raise Unavailable("too much waits for the broker")
        self._in_flight += len(letters)
        self._idle.clear()
        try:
            await self._publish(letters)
        finally:
            self._in_flight -= len(letters)
            if not self._in_flight:
                self._idle.set()

    async def drain(self) -> None:
        """Returns when nothing is under way."""
        await self._idle.wait()

    async def _publish(self, letters: Sequence[Letter]) -> None:
        channel = await self._link.writable()
        # pipelined: the channel's lock is first come, first served, so that the order stays
        confirmed = asyncio.gather(*(_publish_one(channel, letter) for letter in letters), return_exceptions=True)
        confirmed.add_done_callback(hear)
        try:
            await self._until_done(confirmed)
        finally:
            confirmed.cancel()
        for outcome in confirmed.result():
            # a nack, a return, a lost channel; CancelledError too, by which the library ends what waits on a lost one
            if isinstance(outcome, BaseException):
                raise Unavailable("the broker did not take it") from outcome

    async def _until_done(self, confirmed: "asyncio.Future[list[BaseException | None]]") -> None:
        deadline = monotonic() + self._timeout
        while not confirmed.done():
            await asyncio.wait([confirmed], timeout=min(self._timeout, ALARM_CHECK))
            if confirmed.done():
                return
            # the broker tells of an alarm only to those who publish, and then confirms nothing
            if await self._link.is_blocked():
                raise Unavailable("the broker takes nothing at the moment")
            if monotonic() >= deadline:
                self._link.drop()  # a node that is silent without an alarm may be gone: another one is tried
                raise Unavailable("the broker did not confirm in time")


async def _publish_one(channel: AbstractChannel, letter: Letter) -> None:
    underlay = await channel.get_underlay_channel()
    await underlay.basic_publish(
        letter.message.body,
        exchange=letter.exchange,
        routing_key=letter.routing_key,
        properties=letter.message.properties,
        mandatory=letter.mandatory,
    )
