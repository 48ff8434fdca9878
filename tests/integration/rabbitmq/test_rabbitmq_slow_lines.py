"""A broker that confirms slowly, but confirms: publishes wait for it, and are not begun again and again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
from aio_pika import Message
from aio_pika.abc import AbstractConnection
from yarl import URL

from adapters.rabbitmq.connection.link import Link
from adapters.rabbitmq.publisher import OutgoingMessage, Publisher
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.topology import SEND_QUEUE
from application.ports.send_queue import Accept, Reject, Retry, Submission, Verdict
from domain.errors import Unavailable
from lab.rabbitmq import RabbitNode
from tests.integration.rabbitmq.test_rabbitmq_odd_sends import all_dead
from tests.support.eventually import eventually
from tests.support.network.proxy import Proxy
from tests.support.rabbitmq.queues import eventually_empty, send_queue

RATE = 1_000_000  # octets a second
BODY = 50_000
COUNT = 80  # 4 MB, for which the limits are 2 s and 8 s
SETTINGS = RabbitSettings(publish_timeout=2, connect_timeout=5, first_backoff=0.01, max_backoff=0.1, send_retry=0.01)
QUEUE = "slow.line"


@pytest.fixture
async def line(fresh_rabbitmq: RabbitNode) -> AsyncIterator[Proxy]:
    port = URL(fresh_rabbitmq.url).port
    assert port is not None
    async with Proxy(port, rate=RATE) as line:
        yield line


def through(line: Proxy, node: RabbitNode) -> str:
    return str(URL(node.url).with_host("127.0.0.1").with_port(line.port))


@pytest.fixture
async def publisher(fresh_rabbitmq: RabbitNode, line: Proxy) -> AsyncIterator[Publisher]:
    async def declare(connection: AbstractConnection) -> None:
        async with connection.channel() as channel:
            await channel.declare_queue(QUEUE, durable=True)

    link = Link([through(line, fresh_rabbitmq)], "slow line", SETTINGS, declare)
    link.start()
    await link.wait_writable()
    yield Publisher(link, SETTINGS)
    await link.stop()


def messages() -> list[OutgoingMessage]:
    return [OutgoingMessage(Message(b"x" * BODY), "", QUEUE) for _ in range(COUNT)]


async def test_the_time_limit_counts_only_while_nothing_is_confirmed(publisher: Publisher, line: Proxy) -> None:
    await publisher.publish(messages())
    assert line.connections == 1


async def test_a_broker_that_confirms_no_more_is_left(publisher: Publisher, line: Proxy) -> None:
    asyncio.get_running_loop().call_later(2.5, line.stall)
    with pytest.raises(Unavailable):
        async with asyncio.timeout(10):
            await publisher.publish(messages())
    line.heal()
    await eventually(lambda: line.connections == 2)


async def test_a_publish_that_takes_for_ever_ends(
    publisher: Publisher, line: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.rabbitmq.publisher.LONGEST", 1.5)
    with pytest.raises(Unavailable):
        await publisher.publish(messages())
    await eventually(lambda: line.connections == 2)


async def test_sends_that_are_buried_over_a_slow_line_are_buried_once(fresh_rabbitmq: RabbitNode, line: Proxy) -> None:
    waiting: set[bytes] = set()
    is_away = True

    async def judge(sends: Sequence[Submission]) -> list[Verdict]:
        waiting.update(send.body[:6] for send in sends)
        return [Retry() if is_away else Reject("malformed") if send.body != b"good" else Accept() for send in sends]

    settings = replace(SETTINGS, max_send_retry=0.1)
    async with send_queue(through(line, fresh_rabbitmq), judge, settings) as queue:
        for number in range(COUNT):
            await queue.submit(b"bad%3d" % number + b"x" * BODY)
        await queue.submit(b"good")
        await eventually(lambda: len(waiting) == COUNT + 1, 60)
        is_away = False
        await eventually_empty(fresh_rabbitmq, SEND_QUEUE, within=60)
    assert len(await all_dead(fresh_rabbitmq)) == COUNT
