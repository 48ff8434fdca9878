"""`chat.send.queue` on a real server: any producer's sends arrive, outages lose none, and the dead say why."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import aio_pika
import pytest

from adapters.rabbitmq.deliveries.broker import RabbitBroker
from adapters.rabbitmq.deliveries.seal import Seal
from adapters.rabbitmq.sends.send_queue import RabbitSendQueue
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.topology import DEAD_QUEUE, SEND_QUEUE
from adapters.system.clock import SystemClock
from application.ports.send_queue import Accept, Reject, Retry, SendHandler, Submission, Verdict
from domain.errors import Unavailable
from lab.rabbitmq import RabbitNode, RabbitNodes
from tests.support.eventually import eventually, eventually_some
from tests.support.network.proxy import Proxy
from tests.support.rabbitmq.broker_instance import Instance, some_deliveries
from tests.support.rabbitmq.queues import eventually_empty

SETTINGS = RabbitSettings(
    publish_timeout=2, connect_timeout=3, first_backoff=0.01, max_backoff=0.2, send_retry=0.01, max_send_retry=0.1
)

Start = Callable[[Sequence[str], SendHandler | None], Awaitable[RabbitSendQueue]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    started: list[RabbitSendQueue] = []

    async def start(urls: Sequence[str], handler: SendHandler | None) -> RabbitSendQueue:
        queue = RabbitSendQueue(urls, "test", SystemClock(), SETTINGS)
        if handler is not None:
            queue.consume(handler)
        await queue.start()
        started.append(queue)
        return queue

    yield start
    for queue in started:
        await queue.stop()


class Storing:
    """Stores each body once, as the store does."""

    def __init__(self) -> None:
        self.stored: list[bytes] = []
        self.repeats = 0
        self.away = False

    async def __call__(self, sends: Sequence[Submission]) -> list[Verdict]:
        if self.away:
            return [Retry()] * len(sends)
        bodies = [send.body for send in sends]
        for body in bodies:
            if body in self.stored:
                self.repeats += 1
            else:
                self.stored.append(body)
        return [Accept()] * len(bodies)


async def submit(queue: RabbitSendQueue, body: bytes) -> None:
    """As a client does that was told to come again.

    RabbitMQ 3.10 refuses what is sent to a quorum queue for half a minute after its leader was lost on a busy machine.
    """
    async with asyncio.timeout(90):
        while True:
            await queue.wait_ready()
            try:
                return await queue.submit(body)
            except Unavailable:
                await asyncio.sleep(0.01)


async def test_any_amqp_producer_may_submit(fresh_rabbitmq: RabbitNode, start: Start) -> None:
    bodies: list[bytes] = []

    async def handle(sends: Sequence[Submission]) -> list[Verdict]:
        bodies.extend(send.body for send in sends)
        return [Accept() if send.body == b"{}" else Reject("malformed") for send in sends]

    await (await start([fresh_rabbitmq.url], handle)).wait_ready()
    connection = await aio_pika.connect(fresh_rabbitmq.url)
    async with connection, connection.channel() as channel:
        exchange = await channel.get_exchange("amq.topic")
        for body in (b"{}", b"nonsense"):
            await exchange.publish(aio_pika.Message(body, headers={"mine": "kept"}), "app/chat.send")
        dead = await channel.get_queue(DEAD_QUEUE)
        letter = await eventually_some(lambda: dead.get(fail=False, no_ack=True))
    assert bodies == [b"{}", b"nonsense"]
    assert letter is not None
    assert letter.body == b"nonsense"
    assert (letter.headers["mine"], letter.headers["x-reason"]) == ("kept", "malformed")
    await eventually_empty(fresh_rabbitmq, SEND_QUEUE)


async def test_a_queue_that_is_away_refuses_and_takes_again(fresh_rabbitmq: RabbitNode, start: Start) -> None:
    async with Proxy(fresh_rabbitmq.port) as proxy:
        storing = Storing()
        queue = await start([f"amqp://guest:guest@127.0.0.1:{proxy.port}/"], storing)
        await submit(queue, b"before")
        await eventually(lambda: storing.stored == [b"before"])
        proxy.cut()
        with pytest.raises(Unavailable):
            await queue.submit(b"refused")
        proxy.heal()
        await submit(queue, b"after")
        await eventually(lambda: storing.stored[-1] == b"after")
        await queue.stop()


async def test_sends_held_for_the_store_outlive_a_killed_broker(fresh_rabbitmq: RabbitNode, start: Start) -> None:
    storing = Storing()
    storing.away = True
    queue = await start([fresh_rabbitmq.url], storing)
    bodies = [b"%d" % number for number in range(300)]
    for body in bodies:
        await submit(queue, body)
    await asyncio.sleep(2)  # RabbitMQ 3.10 cannot recover a quorum queue that was made a moment before a kill
    await asyncio.to_thread(fresh_rabbitmq.kill)
    await asyncio.to_thread(fresh_rabbitmq.start)
    storing.away = False
    await eventually(lambda: len(storing.stored) == 300, within=30)
    # not their order: what was handed over before the kill comes after the rest
    assert Counter(storing.stored) == Counter(bodies)


async def test_under_a_memory_alarm_queued_sends_are_stored_and_new_ones_are_refused(
    fresh_rabbitmq: RabbitNode, start: Start
) -> None:
    storing = Storing()
    storing.away = True
    queue = await start([fresh_rabbitmq.url], storing)
    await submit(queue, b"before")
    with fresh_rabbitmq.memory_alarm():
        with pytest.raises(Unavailable):
            await queue.submit(b"during")
        storing.away = False
        await eventually(lambda: b"before" in storing.stored)
    await submit(queue, b"after")
    await eventually(lambda: b"after" in storing.stored)


@pytest.mark.timeout(300)  # three nodes take their time to start
async def test_a_cluster_goes_on_without_one_of_its_nodes(rabbitmq_cluster: RabbitNodes, start: Start) -> None:
    storing = Storing()
    queue = await start(rabbitmq_cluster.urls, storing)
    async with AsyncExitStack() as stack:
        brokers = [_broker(rabbitmq_cluster) for _ in range(3)]
        instances = [await stack.enter_async_context(Instance(broker)) for broker in brokers]
        await submit(queue, b"before")
        await eventually(lambda: storing.stored == [b"before"])
        await asyncio.sleep(1)  # see above: a queue just made
        bodies, deliveries = [b"%d" % number for number in range(50)], some_deliveries(50)
        lost = rabbitmq_cluster.nodes[0]
        await asyncio.to_thread(lost.kill)
        for body, delivery in zip(bodies, deliveries, strict=True):
            await submit(queue, body)
            await instances[0].publish([delivery])
        await instances[0].has_got(deliveries)
        await eventually(lambda: set(storing.stored) == {b"before", *bodies}, within=60)

        async def reaches_all() -> bool:
            """In the end: those whose queue was on the lost node make another one first."""
            (delivery,) = some_deliveries(1)
            await instances[0].publish([delivery])
            await asyncio.sleep(0.1)
            return all(delivery in instance.push.deliveries for instance in instances)

        assert await eventually_some(reaches_all, within=60)
        await asyncio.to_thread(lost.start)


def _broker(cluster: RabbitNodes) -> RabbitBroker:
    return RabbitBroker(cluster.urls, "test", Seal(["ours"], SystemClock()), settings=SETTINGS)
