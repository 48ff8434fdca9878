"""What strangers publish to the exchange of deliveries: counted, and in nobody's way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aio_pika
import pytest

from adapters.rabbitmq.deliveries.broker import RabbitBroker
from adapters.rabbitmq.deliveries.seal import Seal
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.topology import DELIVERIES_EXCHANGE
from adapters.system.clock import SystemClock
from application.wire.deliveries import CONTENT_TYPE, pack
from lab.rabbitmq import RabbitNode
from tests.support.eventually import eventually
from tests.support.rabbitmq.broker_instance import Instance, some_deliveries
from tests.support.rabbitmq.odd_properties import ODD, publish
from tests.support.rabbitmq.raw_amqp import short

SETTINGS = RabbitSettings(first_backoff=0.01, max_backoff=0.1, fanout=True)


class Counting(Instance):
    def __init__(self, node: RabbitNode) -> None:
        self.gaps = self.rejected = 0
        super().__init__(
            RabbitBroker(
                [node.url],
                "test",
                Seal(["ours"], SystemClock()),
                on_gap=self._gap,
                on_rejected=self._reject,
                settings=SETTINGS,
            )
        )

    def _gap(self) -> None:
        self.gaps += 1

    def _reject(self) -> None:
        self.rejected += 1


@pytest.fixture
async def instances(rabbitmq: RabbitNode) -> AsyncIterator[list[Counting]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Counting(rabbitmq)) for _ in range(2)]


@pytest.mark.parametrize("name", ODD)
async def test_a_message_on_the_exchange_of_deliveries_that_no_instance_sent_has_no_effect(
    rabbitmq: RabbitNode, instances: list[Counting], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    ((forged, _),) = pack(some_deliveries(3), 100_000)
    properties = {"content_type": short(CONTENT_TYPE.encode())} | ODD[name]
    for body in (b"garbage", forged):
        await asyncio.to_thread(publish, rabbitmq, DELIVERIES_EXCHANGE, "", body, properties)
    await eventually(lambda: all(instance.rejected == 2 for instance in instances))
    deliveries = some_deliveries(2)
    await instances[0].broker.publish(deliveries)
    for instance in instances:
        await instance.has(deliveries)
        assert instance.gaps == 0
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_flood_of_forgeries_closes_no_connection(rabbitmq: RabbitNode, instances: list[Counting]) -> None:
    ((forged, _),) = pack(some_deliveries(3), 100_000)
    connection = await aio_pika.connect(rabbitmq.url)
    async with connection, connection.channel() as channel:
        exchange = await channel.get_exchange(DELIVERIES_EXCHANGE)
        for number in range(500):
            message = aio_pika.Message(forged, content_type=CONTENT_TYPE, app_id="host.1", message_id=str(number))
            await exchange.publish(message, "")
    await eventually(lambda: all(instance.rejected == 500 for instance in instances))
    assert [(instance.gaps, instance.push.deliveries) for instance in instances] == [(0, []), (0, [])]
