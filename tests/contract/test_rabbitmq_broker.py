"""RabbitMQ keeps what every broker and every queue of sends promises."""

import aio_pika
import pytest

from adapters.rabbitmq.deliveries.broker import RabbitBroker
from adapters.rabbitmq.deliveries.seal import Seal
from adapters.rabbitmq.sends.moved_sends import REASON_HEADER
from adapters.rabbitmq.sends.send_queue import RabbitSendQueue
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.topology import DEAD_QUEUE
from adapters.system.clock import SystemClock
from lab.rabbitmq import RabbitNode
from tests.contract.suites.broker_contract import BrokerContract, NewBroker
from tests.contract.suites.send_queue_contract import Dead, NewSendQueue, SendQueueContract


class TestRabbitBroker(BrokerContract):
    @pytest.fixture
    def new_broker(self, rabbitmq: RabbitNode) -> NewBroker:
        return lambda: RabbitBroker([rabbitmq.url], "test", Seal(["ours"], SystemClock()))


class TestRabbitBrokerWithFanout(BrokerContract):
    """As long as instances of version 0.1.0 may be there."""

    @pytest.fixture
    def new_broker(self, rabbitmq: RabbitNode) -> NewBroker:
        settings = RabbitSettings(fanout=True)
        return lambda: RabbitBroker([rabbitmq.url], "test", Seal(["ours"], SystemClock()), settings=settings)


class TestRabbitSendQueue(SendQueueContract):
    @pytest.fixture
    def new_send_queue(self, fresh_rabbitmq: RabbitNode) -> NewSendQueue:
        settings = RabbitSettings(send_retry=0.01, max_send_retry=0.1)
        return lambda: RabbitSendQueue([fresh_rabbitmq.url], "test", SystemClock(), settings)

    @pytest.fixture
    def dead(self, fresh_rabbitmq: RabbitNode) -> Dead:
        async def dead() -> list[tuple[bytes, str]]:
            connection = await aio_pika.connect(fresh_rabbitmq.url)
            async with connection, connection.channel() as channel:
                queue = await channel.get_queue(DEAD_QUEUE)
                letters = []
                while (letter := await queue.get(fail=False)) is not None:
                    reason = letter.headers.get(REASON_HEADER) or letter.headers["x-first-death-reason"]
                    letters.append((letter.body, str(reason)))
                return letters

        return dead
