"""What every broker promises. An adapter's suite gives the fixture `new_broker`: each call is another instance."""

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import msgspec
import pytest

from application.ports.broker import Broker
from application.ports.push import Delivery
from domain.destination import EVENTS_QUEUE, MESSAGES_QUEUE, session_topic, user_destination
from domain.identifiers import SessionId
from tests.support.rabbitmq.broker_instance import MESSAGES, Instance, a_delivery, some_deliveries

NewBroker = Callable[[], Broker]


class BrokerContract:
    @pytest.fixture
    async def instances(self, new_broker: NewBroker) -> AsyncIterator[list[Instance]]:
        users = [user_destination(f"{name}@example.org", MESSAGES_QUEUE) for name in ("ann", "b", "c")]
        instances = [Instance(new_broker(), *users) for _ in range(3)]
        for instance in instances:
            await instance.start()
        for instance in instances:
            await instance.ready()
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

    async def test_a_body_can_have_several_destinations(self, instances: list[Instance]) -> None:
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

    async def test_unwanted_deliveries_do_not_hide_the_others(self, instances: list[Instance]) -> None:
        wanted, unwanted = a_delivery(1), a_delivery(1, destination="user:cal@example.org:/queue/messages")
        for instance in instances:
            instance.push.wanted = {wanted.destination}
        one_body = [unwanted, msgspec.structs.replace(unwanted, destination=wanted.destination)]
        await instances[0].broker.publish([unwanted, wanted, *one_body, unwanted])
        for instance in instances:
            await instance.has_of(wanted.destination, [wanted, one_body[1]])

    async def test_a_publish_after_push_here_reaches_the_others_once(self, instances: list[Instance]) -> None:
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

    async def test_a_signal_reaches_every_instance_and_this_one_at_once(self, instances: list[Instance]) -> None:
        here, *others = instances
        typing = Delivery(user_destination("ann@example.org", EVENTS_QUEUE), '{"type": "typing", "x": "ünï 𝄞"}')
        here.broker.signal([typing])
        assert here.push.deliveries == [typing]
        for instance in others:
            await instance.has([typing])
        await here.has([typing])

    async def test_signals_keep_their_order(self, instances: list[Instance]) -> None:
        signals = [Delivery(MESSAGES, f"{{{number}}}") for number in range(200)]
        for at in range(0, 200, 10):
            instances[1].broker.signal(signals[at : at + 10])
        for instance in instances:
            await instance.has(signals)

    async def test_equal_signals_are_no_repeats(self, instances: list[Instance]) -> None:
        signals = [Delivery(MESSAGES, "{}")] * 3
        for signal in signals:
            instances[0].broker.signal([signal])
        for instance in instances:
            await instance.has(signals)

    async def test_a_signal_of_nothing_or_of_a_stopped_instance_does_nothing(self, instances: list[Instance]) -> None:
        instances[0].broker.signal([])
        await instances[1].broker.stop()
        instances[1].broker.signal([Delivery(MESSAGES, "{}")])
        await instances[0].broker.publish(deliveries := [a_delivery()])
        await instances[2].has(deliveries)

    async def test_every_instance_knows_of_a_listener_on_any_instance(self, instances: list[Instance]) -> None:
        instances[-1].push.listened_to.add("/queue/receipts.all")
        assert all(instance.broker.may_have_listener("/queue/receipts.all") for instance in instances)

    async def test_an_empty_publish_does_nothing(self, instances: list[Instance]) -> None:
        await instances[0].broker.publish([])

    async def test_a_stopped_instance_gets_nothing_and_the_others_everything(self, instances: list[Instance]) -> None:
        await instances[1].broker.stop()
        await instances[1].broker.stop()
        delivery = a_delivery()
        await instances[0].broker.publish([delivery])
        await instances[2].has([delivery])
        assert instances[1].push.deliveries == []

    async def test_an_instance_gets_all_that_is_published_after_it_listens(self, instances: list[Instance]) -> None:
        first, second, third = instances
        for number in range(10):
            destination = user_destination(f"new{number}@example.org", MESSAGES_QUEUE)
            await second.listen(destination)
            await first.broker.publish(early := [a_delivery(1, destination)])
            await third.listen(destination)
            await first.broker.publish(late := [a_delivery(2, destination)])
            await second.has_got([*early, *late])
            await third.has_got(late)

    async def test_the_last_of_several_subscribers_counts(self, instances: list[Instance]) -> None:
        publisher, other, _ = instances
        destination = session_topic(SessionId(uuid4()))
        await other.listen(destination, destination)
        other.unlisten(destination)
        await publisher.broker.publish(deliveries := [a_delivery(1, destination)])
        await other.has(deliveries)
        other.unlisten(destination)
        await other.listen(destination)
        await publisher.broker.publish(more := [a_delivery(2, destination)])
        await other.has([*deliveries, *more])
