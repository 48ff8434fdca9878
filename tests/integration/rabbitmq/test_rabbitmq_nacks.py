"""A broker that nacks: its link is renewed, since the channel may be at fault, but not again and again."""

from collections.abc import AsyncIterator
from itertools import pairwise
from time import monotonic

import pytest
from aio_pika import Message
from aio_pika.abc import AbstractConnection
from pamqp.common import FieldTable

from adapters.rabbitmq.connection.link import Link
from adapters.rabbitmq.publisher import OutgoingMessage, Publisher
from adapters.rabbitmq.settings import RabbitSettings
from domain.errors import Unavailable
from lab.rabbitmq import RabbitNode

SETTINGS = RabbitSettings(publish_timeout=1, connect_timeout=5, first_backoff=0.01, max_backoff=0.1)
FULL, OPEN = "nacks.full", "nacks.open"


class Connects:
    """Declares a full queue and one with room at each connect, and notes when that was."""

    def __init__(self) -> None:
        self.at: list[float] = []

    async def __call__(self, connection: AbstractConnection) -> None:
        async with connection.channel() as channel:
            full: FieldTable = {"x-max-length-bytes": 0, "x-overflow": "reject-publish"}
            await channel.declare_queue(FULL, durable=True, arguments=full)
            await channel.declare_queue(OPEN, durable=True, arguments={"x-max-length": 1})
        self.at.append(monotonic())


@pytest.fixture
def connects() -> Connects:
    return Connects()


class Sender:
    """Publishes over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._publisher = Publisher(link, SETTINGS)

    async def is_taken(self, queue: str) -> bool:
        """Whether the queue takes one more message."""
        await self._link.wait_writable()
        try:
            await self._publisher.publish([OutgoingMessage(Message(b"a message"), "", queue)])
        except Unavailable:
            return False
        return True


@pytest.fixture
async def sender(rabbitmq: RabbitNode, connects: Connects) -> AsyncIterator[Sender]:
    link = Link([rabbitmq.url], "nacks", SETTINGS, connects)
    link.start()
    yield Sender(link)
    await link.stop()


async def test_a_link_that_only_nacks_is_renewed_ever_more_rarely(sender: Sender, connects: Connects) -> None:
    await sender.is_taken(FULL)
    while len(connects.at) < 3:
        assert not await sender.is_taken(FULL)
    first, second = (later - earlier for earlier, later in pairwise(connects.at))
    assert first >= SETTINGS.publish_timeout
    assert second >= 2 * SETTINGS.publish_timeout


async def test_a_link_that_takes_other_messages_is_kept(sender: Sender, connects: Connects) -> None:
    await sender.is_taken(FULL)
    until = monotonic() + 2 * SETTINGS.publish_timeout
    while monotonic() < until:
        assert await sender.is_taken(OPEN)
        assert not await sender.is_taken(FULL)
    assert len(connects.at) == 1
