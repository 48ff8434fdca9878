"""What every broker promises. An adapter's suite gives the fixture `new_broker`: each call is another instance."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from application.ports.broker import Broker
from application.ports.push import Delivery
from tests.support.rabbitmq.broker_instance import Instance, a_delivery, some_deliveries

NewBroker = Callable[[], Broker]


class BrokerContract:
    @pytest.fixture
    async def instances(self, new_broker: NewBroker) -> AsyncIterator[list[Instance]]:
        instances = [Instance(new_broker()) for _ in range(3)]
        for instance in instances:
            await instance.start()
        for instance in instances:
            await instance.broker.wait_ready()
        yield instances
        for instance in instances:
            await instance.broker.stop()

    async def test_every_instance_gets_a_delivery_once_as_it_was_published(self, instances: list[Instance]) -> None:
        first = a_delivery(body='{"content": "ünï 𝄞"}')
        last = Delivery("user:ann@example.org:/queue/receipts", "{}")
        await instances[0].broker.publish([first])
        await instances[0].broker.publish([last])
        for instance in instances:
            await instance.has([first, last])

    async def test_one_body_for_several_destinations(self, instances: list[Instance]) -> None:
        one = a_delivery(destination="user:ann@example.org:/queue/messages")
        others = [Delivery(f"user:{n}@example.org:/queue/ack", one.body, one.message, one.committed_at) for n in "bc"]
        await instances[1].broker.publish([one, *others])
        for instance in instances:
            await instance.has([one, *others])

    async def test_the_order_of_a_publisher_is_kept(self, instances: list[Instance]) -> None:
        deliveries = [a_delivery(seq) for seq in range(1, 201)]
        for at in range(0, 200, 20):
            await instances[2].broker.publish(deliveries[at : at + 20])
        for instance in instances:
            await instance.has(deliveries)

    async def test_publishes_under_way_together_keep_their_order(self, instances: list[Instance]) -> None:
        deliveries = [a_delivery(seq) for seq in range(1, 51)]
        await asyncio.gather(*(instances[0].broker.publish([delivery]) for delivery in deliveries))
        for instance in instances:
            await instance.has(deliveries)

    async def test_a_large_publish_arrives_whole_and_in_order(self, instances: list[Instance]) -> None:
        deliveries = [a_delivery(seq, body="x" * 4_000) for seq in range(1, 301)]
        await instances[0].broker.publish(deliveries)
        for instance in instances:
            await instance.has(deliveries)

    async def test_what_was_pushed_here_reaches_the_others_when_it_is_published_and_nobody_twice(
        self, instances: list[Instance]
    ) -> None:
        here, there, other = instances
        deliveries = some_deliveries(4)
        for _ in range(2):
            here.broker.push_here(deliveries)
        assert here.push.deliveries == deliveries
        await here.broker.publish(deliveries[:2])
        await there.broker.publish(deliveries[2:])
        await other.has_got(deliveries)
        await there.has_got(deliveries)
        last = some_deliveries(1)
        await there.broker.publish(last)
        await here.has([*deliveries, *last])

    async def test_a_listener_on_any_instance_is_known_to_all(self, instances: list[Instance]) -> None:
        instances[-1].push.listened_to.add("/queue/receipts.all")
        assert all(instance.broker.may_have_listener("/queue/receipts.all") for instance in instances)

    async def test_publishing_nothing_is_nothing(self, instances: list[Instance]) -> None:
        await instances[0].broker.publish([])

    async def test_a_stopped_instance_gets_nothing_more_and_the_others_all(self, instances: list[Instance]) -> None:
        await instances[1].broker.stop()
        await instances[1].broker.stop()
        delivery = a_delivery()
        await instances[0].broker.publish([delivery])
        await instances[2].has([delivery])
        assert instances[1].push.deliveries == []
