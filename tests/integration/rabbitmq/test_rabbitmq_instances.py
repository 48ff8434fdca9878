"""Two instances on one store and a real RabbitMQ, which is killed while people chat."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from adapters.memory.clock import ManualClock
from adapters.memory.store.contents import InMemoryStore
from adapters.rabbitmq.deliveries.broker import RabbitBroker
from adapters.rabbitmq.deliveries.seal import Seal
from adapters.rabbitmq.settings import RabbitSettings
from adapters.system.clock import SystemClock
from application.commands import SendMessageCommand
from domain.destination import ACK_QUEUE, ALL_RECEIPTS_QUEUE, session_topic, user_destination
from domain.identifiers import ClientMessageId, SessionId
from lab.rabbitmq import RabbitNode
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, Service
from tests.support.people import FRIENDS, NOW, ref

SETTINGS = RabbitSettings(publish_timeout=1, first_backoff=0.01, max_backoff=0.2)


@pytest.fixture
async def instances(rabbitmq: RabbitNode) -> AsyncIterator[list[Service]]:
    store = InMemoryStore(ManualClock(NOW))
    instances = [
        Service(RabbitBroker([rabbitmq.url], "test", Seal(["ours"], SystemClock()), settings=SETTINGS), store=store)
        for _ in range(2)
    ]
    for instance in instances:
        await instance.start()
        await instance.broker.wait_ready()
    yield instances
    for instance in instances:
        await instance.stop()


async def send(instance: Service, session_id: SessionId, count: int) -> list[str]:
    sent = []
    for number in range(count):
        command = SendMessageCommand(session_id, ANN.email, FRIENDS, str(number), ClientMessageId(uuid4()))
        sent.append((await instance.send(ANN, command, "http")).body)
    return sent


async def listen(instances: list[Service], *destinations: str) -> None:
    waits = [instance.broker.listen(destination) for instance in instances for destination in destinations]
    await asyncio.gather(*(wait for wait in waits if wait is not None))


def bodies(instance: Service, destination: str) -> list[str]:
    return [delivery.body for delivery in instance.push.deliveries if delivery.destination == destination]


async def test_delivered_receipts_reach_every_instance(instances: list[Service]) -> None:
    here, there = instances
    session_id, _ = [(await each.init(ANN, ANN.email, BOB.email, FRIENDS)).id for each in instances]
    receipts = user_destination(ANN.email, ALL_RECEIPTS_QUEUE)
    await listen(instances, receipts)
    here.delivered_receipts.start()
    await send(here, session_id, 3)
    here.delivered.add([ref(message) for message in here.store.messages[session_id]])
    await here.delivered.flush()
    await eventually(lambda: len(bodies(here, receipts)) == len(bodies(there, receipts)) == 1)
    assert '"deliveredUpToSeq":3' in bodies(there, receipts)[0]
    await here.delivered_receipts.stop()


async def test_a_killed_broker_delays_only_deliveries_between_instances(
    rabbitmq: RabbitNode, instances: list[Service]
) -> None:
    here, there = instances
    # on both, as each has a directory of its own here
    session_id, _ = [(await each.init(ANN, ANN.email, BOB.email, FRIENDS)).id for each in instances]
    topic, acks = session_topic(session_id), user_destination(ANN.email, ACK_QUEUE)
    await listen(instances, topic, acks)
    sent = await send(here, session_id, 20)
    await eventually(lambda: bodies(there, topic) == sent)
    await asyncio.to_thread(rabbitmq.kill)
    sent += await send(here, session_id, 100)
    await eventually(lambda: bodies(here, acks) == sent)
    assert bodies(here, topic) == sent
    await asyncio.to_thread(rabbitmq.start)
    await eventually(lambda: set(bodies(there, topic)) == set(sent), within=60)
    sent += await send(here, session_id, 20)
    await eventually(lambda: bodies(there, topic)[-1] == sent[-1])
    assert set(Counter(bodies(there, topic)).values()) == {1}
    assert bodies(here, topic) == sent
    await eventually(lambda: here.counters.outbox_processed + there.counters.outbox_processed >= 3 * len(sent))
