"""Which instance gets what over RabbitMQ: what its connections subscribe to, from when a subscription is confirmed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from time import monotonic

import aio_pika
import pytest
from aio_pika.exceptions import DeliveryError

from adapters.rabbitmq.deliveries.broker import RabbitBroker
from adapters.rabbitmq.deliveries.seal import Seal
from adapters.rabbitmq.routing import ANY_BUCKET, MAX_KEYS, bucket_key
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.topology import DELIVERIES_EXCHANGE, ROUTED_EXCHANGE
from adapters.system.clock import SystemClock
from application.ports.push import Delivery
from domain.destination import MESSAGES_QUEUE, user_destination
from lab.rabbitmq import RabbitNode
from tests.support.eventually import eventually
from tests.support.network.proxy import Proxy
from tests.support.rabbitmq.broker_instance import MESSAGES, Instance, a_delivery, some_deliveries

VIRTUAL_HOST = "routing"
FAST = RabbitSettings(
    publish_timeout=1,
    connect_timeout=5,
    first_backoff=0.01,
    max_backoff=0.1,
    bind_patience=0.5,
    unbind_after=0.5,
    bind_at_once=8,
    max_bindings=32,
)


def users(count: int) -> list[str]:
    """Destinations in different buckets."""
    found: dict[str, str] = {}
    number = 0
    while len(found) < count:
        destination = user_destination(f"user{number}@example.org", MESSAGES_QUEUE)
        found.setdefault(bucket_key(destination), destination)
        number += 1
    return list(found.values())


Start = Callable[..., Awaitable[Instance]]


@pytest.fixture(params=[True, False], ids=["fanout", "routed only"])
def fanout(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def node(rabbitmq: RabbitNode) -> RabbitNode:
    """With a virtual host of these tests' own: elsewhere are queues of other tests that are bound to some buckets."""
    rabbitmq.ctl("add_vhost", VIRTUAL_HOST)
    rabbitmq.ctl("set_permissions", "--vhost", VIRTUAL_HOST, "guest", ".*", ".*", ".*")
    return rabbitmq


def url_of(port: int) -> str:
    return f"amqp://guest:guest@127.0.0.1:{port}/{VIRTUAL_HOST}"


@pytest.fixture
async def start(node: RabbitNode, fanout: bool) -> AsyncIterator[Start]:
    started: list[Instance] = []

    async def start(*destinations: str, port: int = node.port) -> Instance:
        settings = replace(FAST, fanout=fanout)
        instance = Instance(
            RabbitBroker([url_of(port)], "test", Seal(["ours"], SystemClock()), settings=settings), *destinations
        )
        await instance.start()
        started.append(instance)
        await instance.ready()
        return instance

    yield start
    for instance in started:
        await instance.broker.stop()


class Router:
    """Asks the broker whether a message with a key of the routed exchange reaches any queue."""

    def __init__(self, node: RabbitNode) -> None:
        self._node = node

    async def reaches(self, keys: Sequence[str]) -> set[str]:
        connection = await aio_pika.connect(url_of(self._node.port))
        async with connection, connection.channel(on_return_raises=True) as channel:
            exchange = await channel.get_exchange(ROUTED_EXCHANGE)
            reached = set()
            for key in keys:
                try:
                    await exchange.publish(aio_pika.Message(b"a probe"), key, mandatory=True)
                    reached.add(key)
                except DeliveryError:
                    pass
        return reached

    async def reaches_only(self, *keys: str, of: Sequence[str]) -> None:
        deadline = monotonic() + 20
        while (reached := await self.reaches(of)) != set(keys):
            assert monotonic() < deadline, reached
            await asyncio.sleep(0.05)


@pytest.fixture
def router(node: RabbitNode) -> Router:
    return Router(node)


async def test_a_delivery_without_a_listener_is_no_error(start: Start) -> None:
    heard, unheard = users(2)
    publisher, other = await start(), await start(heard)
    await publisher.broker.publish([a_delivery(1, unheard)])
    await publisher.broker.publish(last := [a_delivery(2, heard)])
    await other.has(last)


async def test_a_bucket_is_bound_from_its_first_subscriber_until_long_after_its_last(
    start: Start, router: Router
) -> None:
    one, two = users(2)
    keys = [bucket_key(one), bucket_key(two), ANY_BUCKET]
    instance = await start(one)
    await router.reaches_only(bucket_key(one), ANY_BUCKET, of=keys)
    await instance.listen(one, two)
    assert await router.reaches(keys) == set(keys)
    instance.unlisten(one, two)
    await router.reaches_only(bucket_key(one), ANY_BUCKET, of=keys)
    instance.unlisten(one)
    await router.reaches_only(of=keys)
    await instance.listen(two)
    assert await router.reaches(keys) == {bucket_key(two), ANY_BUCKET}


async def test_many_subscribers_are_bound_by_one_call_and_later_ones_one_by_one(start: Start, router: Router) -> None:
    storm, unheard = users(30), users(31)[-1]
    publisher, instance = await start(), await start()
    await instance.listen(*storm)
    assert await router.reaches([bucket_key(unheard)]), "it is bound to every bucket"
    await publisher.broker.publish(deliveries := [a_delivery(1, destination) for destination in storm])
    await instance.has(deliveries)
    keys = [bucket_key(destination) for destination in (*storm, unheard)]
    await router.reaches_only(*keys[:-1], of=keys)
    await publisher.broker.publish(more := [a_delivery(2, destination) for destination in storm])
    await instance.has([*deliveries, *more])


async def test_more_buckets_than_are_bound_one_by_one(start: Start, router: Router) -> None:
    many, unheard = users(FAST.max_bindings + 10), users(FAST.max_bindings + 11)[-1]
    publisher, instance = await start(), await start()
    for destination in many:
        await instance.listen(destination)
    assert await router.reaches([bucket_key(unheard)])
    await publisher.broker.publish(deliveries := [a_delivery(1, destination) for destination in many])
    await instance.has(deliveries)
    instance.unlisten(*many[10:])
    keys = [bucket_key(destination) for destination in (*many, unheard)]
    await router.reaches_only(*keys[:10], of=keys)


async def test_a_message_for_very_many_destinations_reaches_everybody_once(start: Start) -> None:
    many = users(MAX_KEYS + 5)
    publisher, first, last = await start(), await start(many[0]), await start(many[-1])
    await publisher.broker.publish(deliveries := [a_delivery(1, destination) for destination in many])
    for instance in (first, last):
        await instance.has(deliveries)


async def test_all_that_is_published_after_a_subscription_is_confirmed_comes(start: Start) -> None:
    """Bind and publish race: confirmed means bound, for whoever publishes and however many do."""
    publishers, other = [await start() for _ in range(2)], await start()
    for destination in users(20):
        flood = asyncio.create_task(_publish_for_ever(publishers[0], destination))
        await other.listen(destination)
        await publishers[1].broker.publish(deliveries := [a_delivery(seq, destination) for seq in range(1, 4)])
        flood.cancel()
        await other.has_got(deliveries)
        other.unlisten(destination)


async def _publish_for_ever(publisher: Instance, destination: str) -> None:
    while True:
        await publisher.broker.publish([Delivery(destination, "{}")])


async def test_two_devices_on_two_instances_and_one_that_moves(start: Start) -> None:
    (user,) = users(1)
    publisher, one, two = await start(), await start(user), await start(user)
    seq = 0
    for leaving, staying in ((one, two), (two, one)) * 3:
        leaving.unlisten(user)
        await leaving.listen(user)
        await publisher.broker.publish(deliveries := [a_delivery(seq := seq + 1, user)])
        await staying.has_got(deliveries)
        await leaving.has_got(deliveries)


async def test_a_lost_connection_keeps_the_bindings(start: Start, node: RabbitNode) -> None:
    one, two = users(2)
    async with Proxy(node.port) as proxy:
        publisher, cut_off = await start(), await start(one, port=proxy.port)
        proxy.cut()
        await publisher.broker.publish(deliveries := [a_delivery(1, one)])
        proxy.heal()
        await cut_off.has(deliveries)
        await cut_off.listen(two)
        await publisher.broker.publish(more := [a_delivery(1, one), a_delivery(2, two)])
        await cut_off.has([*deliveries, *more])
        assert cut_off.push.missing == []


async def test_a_subscriber_is_admitted_while_the_broker_is_away_and_asked_to_resume(
    start: Start, node: RabbitNode
) -> None:
    bound, late, gone = users(3)
    async with Proxy(node.port) as proxy:
        publisher, cut_off = await start(), await start(bound, port=proxy.port)
        proxy.cut()
        await cut_off.listen(bound, late, gone)
        cut_off.unlisten(gone)
        await publisher.broker.publish([a_delivery(1, late)])  # is lost, as nobody was bound
        proxy.heal()
        await eventually(lambda: cut_off.push.missing == [late])
        await publisher.broker.publish(deliveries := [a_delivery(2, late)])
        await cut_off.has_got(deliveries)


async def test_a_publish_to_a_deleted_exchange_declares_it_again_with_all_bindings(
    start: Start, node: RabbitNode
) -> None:
    instance = await start(MESSAGES)
    connection = await aio_pika.connect(url_of(node.port))
    async with connection, connection.channel() as channel:
        for exchange in (ROUTED_EXCHANGE, DELIVERIES_EXCHANGE):
            await channel.exchange_delete(exchange)
    await instance.publish(some_deliveries(1))
    await instance.listen(MESSAGES)
    other = await start()
    await other.broker.publish(deliveries := some_deliveries(2))
    await instance.has_got(deliveries)
