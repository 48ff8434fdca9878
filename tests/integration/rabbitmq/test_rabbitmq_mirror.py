"""Session topics on RabbitMQ's own STOMP plugin, read by a stock client that knows nothing of this service."""

import asyncio
import queue
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import stomp
from stomp.utils import Frame

from adapters.rabbitmq.deliveries.broker import RabbitBroker
from adapters.rabbitmq.deliveries.seal import Seal
from adapters.system.clock import SystemClock
from application.ports.push import Delivery
from domain.destination import session_topic
from domain.identifiers import SessionId
from lab.rabbitmq import RabbitNode
from tests.support.rabbitmq.broker_instance import Instance, a_delivery


class Listener(stomp.ConnectionListener):
    def __init__(self) -> None:
        self.messages: queue.Queue[Frame] = queue.Queue()
        self.receipts: queue.Queue[str] = queue.Queue()

    def on_message(self, frame: Frame) -> None:
        self.messages.put(frame)

    def on_receipt(self, frame: Frame) -> None:
        self.receipts.put(frame.headers["receipt-id"])


class StockClient:
    def __init__(self, port: int) -> None:
        self._connection = stomp.Connection12([("127.0.0.1", port)], vhost="/")
        self._listener = Listener()
        self._connection.set_listener("", self._listener)

    async def subscribe(self, destination: str) -> None:
        await asyncio.to_thread(self._connection.connect, "guest", "guest", wait=True)
        self._connection.subscribe(destination, id="0", headers={"receipt": "subscribed"})
        assert await asyncio.to_thread(self._listener.receipts.get, timeout=30) == "subscribed"

    async def next(self) -> Frame:
        return await asyncio.to_thread(self._listener.messages.get, timeout=30)

    async def close(self) -> None:
        await asyncio.to_thread(self._connection.disconnect)


@pytest.fixture
async def mirroring(rabbitmq: RabbitNode) -> AsyncIterator[Instance]:
    instance = Instance(RabbitBroker([rabbitmq.url], "test", Seal(["ours"], SystemClock()), mirror_topics=True))
    await instance.start()
    await instance.broker.wait_ready()
    yield instance
    await instance.broker.stop()


async def test_a_session_is_read_from_the_stomp_plugin(rabbitmq: RabbitNode, mirroring: Instance) -> None:
    topic = session_topic(SessionId(uuid4()))
    client = StockClient(rabbitmq.stomp_port)
    await client.subscribe(topic)
    bodies = [f'{{"seq": {seq}, "content": "ünï 𝄞"}}' for seq in range(1, 51)]
    deliveries: list[Delivery] = []
    for seq, body in enumerate(bodies, 1):
        deliveries += [
            a_delivery(seq, topic, body),
            a_delivery(seq, session_topic(SessionId(uuid4())), body),
            a_delivery(seq, "user:ann@example.org:/queue/messages", body),
        ]
    await mirroring.broker.publish(deliveries)
    frames = [await client.next() for _ in bodies]
    assert [frame.body for frame in frames] == bodies
    assert {frame.headers["destination"] for frame in frames} == {topic}
    assert {frame.headers["content-type"] for frame in frames} == {"application/json"}
    await mirroring.has(deliveries)
    await client.close()
