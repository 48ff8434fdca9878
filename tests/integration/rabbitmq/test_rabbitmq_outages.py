"""RabbitMQ away, blocked, cut off, restarted: nothing confirmed is lost, and nothing reaches a client twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic

import aio_pika
import pytest

from adapters.rabbitmq.deliveries.broker import RabbitBroker
from adapters.rabbitmq.deliveries.seal import Seal
from adapters.rabbitmq.settings import RabbitSettings
from adapters.system.clock import SystemClock
from domain.errors import Unavailable
from lab.rabbitmq import RabbitNode, RabbitNodes
from tests.support.eventually import eventually
from tests.support.network.proxy import Proxy
from tests.support.rabbitmq.broker_instance import Instance, some_deliveries

SETTINGS = RabbitSettings(publish_timeout=0.5, connect_timeout=2, first_backoff=0.01, max_backoff=0.1, fanout=True)


class Gaps:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


class RabbitInstance(Instance):
    def __init__(self, *ports: int) -> None:
        self.gaps = Gaps()
        urls = [f"amqp://guest:guest@127.0.0.1:{port}/" for port in ports]
        super().__init__(RabbitBroker(urls, "test", Seal(["ours"], SystemClock()), on_gap=self.gaps, settings=SETTINGS))


Start = Callable[..., Awaitable[RabbitInstance]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    started: list[RabbitInstance] = []

    async def start(*ports: int, ready: bool = True) -> RabbitInstance:
        instance = RabbitInstance(*ports)
        await instance.start()
        started.append(instance)
        if ready:
            await instance.ready()
        return instance

    yield start
    for instance in started:
        await instance.broker.stop()


@pytest.fixture
async def proxy(rabbitmq: RabbitNode) -> AsyncIterator[Proxy]:
    async with Proxy(rabbitmq.port) as proxy:
        yield proxy


async def delete_delivery_queues(node: RabbitNode) -> None:
    connection = await aio_pika.connect(node.url)
    async with connection, connection.channel() as channel:
        for queue in node.queues():
            if queue.startswith("chat.deliveries."):
                await channel.queue_delete(queue)


async def test_a_broker_that_is_away_at_the_start_is_waited_for(start: Start, proxy: Proxy) -> None:
    proxy.cut()
    instance = await start(proxy.port, ready=False)
    waiting = asyncio.create_task(instance.broker.wait_ready())
    for _ in range(3):
        with pytest.raises(Unavailable):
            await instance.broker.publish(some_deliveries(1))
    await eventually(lambda: proxy.refused > 3)
    assert not waiting.done()
    proxy.heal()
    await waiting
    deliveries = some_deliveries(3)
    await instance.broker.publish(deliveries)
    await instance.has_got(deliveries)
    assert instance.gaps.count == 1, "others may have published before its queue was there"


async def test_an_instance_that_was_cut_off_catches_up_in_order(
    rabbitmq: RabbitNode, start: Start, proxy: Proxy
) -> None:
    here, there = await start(rabbitmq.port), await start(proxy.port)
    deliveries = some_deliveries(300)
    await here.broker.publish(deliveries[:100])
    await there.has(deliveries[:100])
    proxy.cut()
    for at in range(100, 300, 10):
        await here.broker.publish(deliveries[at : at + 10])
    proxy.heal()
    await there.has(deliveries)
    assert there.gaps.count == 0


async def test_a_delivery_is_pushed_once_everywhere_after_a_failed_publish(
    rabbitmq: RabbitNode, start: Start, proxy: Proxy
) -> None:
    cut_off, other = await start(proxy.port), await start(rabbitmq.port)
    deliveries = some_deliveries(50)
    proxy.cut()
    for _ in range(2):
        with pytest.raises(Unavailable):
            await cut_off.broker.publish(deliveries)
    await cut_off.has(deliveries)
    await other.broker.publish(deliveries[:25])  # as another instance that finds them in the outbox
    proxy.heal()
    await cut_off.publish(deliveries[25:])
    await other.has(deliveries)
    await cut_off.publish(last := some_deliveries(1))
    await cut_off.has([*deliveries, *last])
    assert cut_off.gaps.count == 0


async def test_a_lost_queue_is_declared_again_and_reported_as_a_gap(
    rabbitmq: RabbitNode, start: Start, proxy: Proxy
) -> None:
    here, there = await start(rabbitmq.port), await start(proxy.port)
    proxy.cut()
    await delete_delivery_queues(rabbitmq)
    await here.publish(some_deliveries(1))
    proxy.heal()
    await there.broker.wait_ready()
    await eventually(lambda: there.gaps.count == 1)
    await eventually(lambda: here.gaps.count == 1)
    await there.hears(here)
    deliveries = some_deliveries(1)
    await here.publish(deliveries)
    await there.has_got(deliveries)


async def test_an_unreadable_message_of_a_newer_version_is_only_a_gap(rabbitmq: RabbitNode, start: Start) -> None:
    instance = await start(rabbitmq.port)
    connection = await aio_pika.connect(rabbitmq.url)
    async with connection, connection.channel() as channel:
        exchange = await channel.get_exchange("chat.deliveries")
        kind = "application/vnd.chat-service.deliveries.v2"
        message = aio_pika.Message(b"?", content_type=kind, app_id="host.1", message_id="1")
        Seal(["ours"], SystemClock()).sign(message)
        await exchange.publish(message, "")
    await eventually(lambda: instance.gaps.count == 1)
    deliveries = some_deliveries(1)
    await instance.broker.publish(deliveries)
    await instance.has(deliveries)


async def test_a_silent_network_is_given_up_in_time_and_nothing_comes_twice(
    rabbitmq: RabbitNode, start: Start, proxy: Proxy
) -> None:
    cut_off, other = await start(proxy.port), await start(rabbitmq.port)
    deliveries = some_deliveries(20)
    proxy.stall()
    begun = monotonic()
    with pytest.raises(Unavailable):
        await cut_off.broker.publish(deliveries)
    assert monotonic() - begun < 2
    proxy.heal()  # what was under way now arrives, and then its repeat
    await cut_off.publish(deliveries)
    await other.has(deliveries)
    await cut_off.has(deliveries)


async def test_another_address_is_tried_when_one_does_not_answer(
    rabbitmq: RabbitNode, start: Start, proxy: Proxy
) -> None:
    proxy.cut()
    instance = await start(proxy.port, rabbitmq.port)
    deliveries = some_deliveries(1)
    await instance.broker.publish(deliveries)
    await instance.has(deliveries)


async def test_a_memory_alarm_refuses_at_once_and_ends_when_it_ends(rabbitmq: RabbitNode, start: Start) -> None:
    publisher, other = await start(rabbitmq.port), await start(rabbitmq.port)
    deliveries = some_deliveries(10)
    with rabbitmq.memory_alarm():
        for _ in range(2):
            begun = monotonic()
            with pytest.raises(Unavailable):
                await publisher.broker.publish(deliveries)
            assert monotonic() - begun < 0.4
        waiting = asyncio.create_task(publisher.broker.wait_ready())
        await asyncio.sleep(0.1)
        assert not waiting.done()
    await waiting
    await publisher.publish(deliveries)
    await other.has(deliveries)
    await publisher.has(deliveries)


async def test_a_restarted_broker_has_kept_everything(rabbitmq: RabbitNode, start: Start) -> None:
    here, there = await start(rabbitmq.port), await start(rabbitmq.port)
    before, during = some_deliveries(200), some_deliveries(10)
    await here.broker.publish(before)
    await asyncio.to_thread(rabbitmq.kill)
    with pytest.raises(Unavailable):
        await here.broker.publish(during)
    await asyncio.to_thread(rabbitmq.start)
    await here.publish(during)
    await there.has([*before, *during], within=60)
    await here.has([*before, *during])
    assert (here.gaps.count, there.gaps.count) == (0, 0)


async def test_an_instance_that_is_stopped_while_it_connects_stops(rabbitmq: RabbitNode) -> None:
    for tick in range(40):
        instance = RabbitInstance(rabbitmq.port)
        await instance.start()
        await asyncio.sleep(tick / 1_000)
        async with asyncio.timeout(10):
            await instance.broker.stop()
    assert instance.gaps.count == 0


async def test_a_stopped_instance_leaves_no_queue(rabbitmq: RabbitNode, start: Start) -> None:
    await delete_delivery_queues(rabbitmq)
    instance = await start(rabbitmq.port)
    assert any(queue.startswith("chat.deliveries.") for queue in rabbitmq.queues())
    await instance.broker.stop()
    assert not any(queue.startswith("chat.deliveries.") for queue in rabbitmq.queues())


async def test_a_queue_that_was_away_with_its_node_is_a_gap_even_when_it_is_back(
    rabbitmq_cluster: RabbitNodes, start: Start
) -> None:
    home, other, _ = rabbitmq_cluster.nodes
    async with Proxy(home.port) as proxy:
        cut_off, publisher = await start(proxy.port, proxy.port), await start(other.port)
        proxy.cut()
        await asyncio.to_thread(home.kill)
        await publisher.publish(some_deliveries(5))  # confirmed, and that queue has not got them
        await asyncio.to_thread(home.start)
        proxy.heal()
        await cut_off.broker.wait_ready()
        await eventually(lambda: cut_off.gaps.count > 0)
        await cut_off.hears(publisher)
        deliveries = some_deliveries(5)
        await publisher.publish(deliveries)
        await cut_off.has_got(deliveries)
        assert cut_off.gaps.count == 1
        assert publisher.gaps.count == 0
