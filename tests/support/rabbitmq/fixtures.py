"""Fixtures with real RabbitMQ; import them into the conftest of the tests that use them."""

from collections.abc import Iterator

import aio_pika
import pytest

from adapters.rabbitmq.topology import DEAD_QUEUE, HELD_QUEUE, SEND_QUEUE
from lab.rabbitmq import RabbitNode, RabbitNodes


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitNode]:
    """One node. A test that stops or blocks it brings it back."""
    with RabbitNodes("solo") as nodes:
        yield nodes.nodes[0]


@pytest.fixture(scope="session")
def rabbitmq_cluster() -> Iterator[RabbitNodes]:
    """Three nodes. A test that stops one brings it back."""
    with RabbitNodes("one", "two", "three") as cluster:
        yield cluster


@pytest.fixture
async def fresh_rabbitmq(rabbitmq: RabbitNode) -> RabbitNode:
    """The node without what earlier tests left in the queues of sends."""
    connection = await aio_pika.connect(rabbitmq.url)
    async with connection, connection.channel() as channel:
        for queue in (HELD_QUEUE, SEND_QUEUE, DEAD_QUEUE):
            await channel.queue_delete(queue)
    return rabbitmq
