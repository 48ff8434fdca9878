"""Fixtures with real RabbitMQ; import them into the conftest of the tests that use them."""

from collections.abc import Iterator

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractQueue

from adapters.rabbitmq.topology import DEAD_QUEUE, HELD_QUEUE, SEND_QUEUE, declare_sends
from lab.rabbitmq import RabbitNode, RabbitNodes
from tests.support.eventually import eventually_some


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
    """The node with empty queues of sends."""
    await empty_sends(rabbitmq)
    return rabbitmq


async def empty_sends(node: RabbitNode) -> None:
    """The queues stay: RabbitMQ 3.10 refuses what is sent for up to 30 s after a quorum queue was deleted."""
    connection = await aio_pika.connect(node.url)
    async with connection, connection.channel() as channel:
        await declare_sends(connection)
        for queue in (HELD_QUEUE, SEND_QUEUE, DEAD_QUEUE):
            await _empty(channel, queue)


async def _empty(channel: AbstractChannel, name: str) -> None:
    """What a consumer of an earlier test had not acked is back in the queue once RabbitMQ has removed that consumer."""

    async def without_consumer() -> AbstractQueue | None:
        queue = await channel.declare_queue(name, passive=True)
        return None if queue.declaration_result.consumer_count else queue

    queue = await eventually_some(without_consumer)
    assert queue is not None
    await queue.purge()
