"""Instances of version 0.1.0 beside new ones: each delivery reaches old and new subscribers once."""

import base64
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import aio_pika
import msgspec
import pytest
from aio_pika.abc import AbstractChannel, AbstractQueue

from adapters.rabbitmq.deliveries.broker import RabbitBroker
from adapters.rabbitmq.deliveries.seal import Seal
from adapters.rabbitmq.settings import RabbitSettings
from adapters.system.clock import SystemClock
from application.ports.push import Delivery, MessageKey
from domain.identifiers import Email, MessageId, SessionId
from lab.rabbitmq import RabbitNode
from tests.support.rabbitmq.broker_instance import Instance, a_delivery

EXCHANGE = "chat.deliveries"
CONTENT_TYPE = "application/vnd.chat-service.deliveries.v1+msgpack"
FRAME = base64.b64decode(
    "kpSzeyJjb250ZW50Ijoiw7xuw68ifZLZMy90b3BpYy9zZXNzaW9uLjAxOWEwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMtkkdXNlcjphbm5A"
    "ZXhhbXBsZS5vcmc6L3F1ZXVlL21lc3NhZ2VzlNkkMDE5YTAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAx2SQwMTlhMDAwMC0wMDAwLTcwMDAt"
    "ODAwMC0wMDAwMDAwMDAwMDIHr2JvYkBleGFtcGxlLm9yZ8tB2lWYcBAAAJSie32R2SR1c2VyOmJvYkBleGFtcGxlLm9yZzovcXVldWUvcmVjZWlwdHPA"
    "wA=="
)
"""What version 0.1.0 makes of `DELIVERIES`."""

_KEY = MessageKey(
    MessageId(UUID("019a0000-0000-7000-8000-000000000001")),
    SessionId(UUID("019a0000-0000-7000-8000-000000000002")),
    7,
    Email("bob@example.org"),
)
_BODY = '{"content":"ünï"}'
DELIVERIES = [
    Delivery("/topic/session.019a0000-0000-7000-8000-000000000002", _BODY, _KEY, 1767268800.25),
    Delivery("user:ann@example.org:/queue/messages", _BODY, _KEY, 1767268800.25),
    Delivery("user:bob@example.org:/queue/receipts", "{}"),
]


class OldKey(NamedTuple):
    id: UUID
    session_id: UUID
    seq: int
    sender_email: str


class OldParcel(msgspec.Struct, frozen=True, array_like=True):
    """As version 0.1.0 declares it."""

    body: str
    destinations: list[str]
    key: OldKey | None = None
    committed_at: float | None = None


class OldInstance:
    """On the broker what an instance of version 0.1.0 is: it publishes to the fanout, and its queue is bound to it."""

    def __init__(self, channel: AbstractChannel, queue: AbstractQueue) -> None:
        self._channel = channel
        self._queue = queue

    async def publish(self) -> None:
        message = aio_pika.Message(FRAME, content_type=CONTENT_TYPE, app_id="old.1", message_id=uuid4().hex)
        exchange = await self._channel.get_exchange(EXCHANGE)
        await exchange.publish(message, "", mandatory=True)

    async def received(self) -> list[Any]:
        parcels: list[OldParcel] = []
        while (message := await self._queue.get(no_ack=True, fail=False)) is not None:
            assert message.content_type == CONTENT_TYPE, "an old instance takes anything else for a gap"
            parcels.extend(msgspec.msgpack.decode(message.body, type=list[OldParcel]))
        return parcels


@pytest.fixture
async def old(fresh_rabbitmq: RabbitNode) -> AsyncIterator[OldInstance]:
    connection = await aio_pika.connect(fresh_rabbitmq.url)
    async with connection, connection.channel(on_return_raises=True) as channel:
        exchange = await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.FANOUT, durable=True)
        queue = await channel.declare_queue(f"{EXCHANGE}.old.1", durable=True)
        await queue.bind(exchange)
        yield OldInstance(channel, queue)
        await queue.delete(if_unused=False, if_empty=False)  # else it keeps what later tests publish


@pytest.fixture
async def new(fresh_rabbitmq: RabbitNode, old: OldInstance) -> AsyncIterator[list[Instance]]:
    """One listens to everything, one to the person and one to nothing."""
    settings = RabbitSettings(fanout=True, accept_unsigned=True)
    instances = []
    for destinations in ([one.destination for one in DELIVERIES], [DELIVERIES[1].destination], ["user:x:/queue/ack"]):
        seal = Seal(["ours"], SystemClock())
        instance = Instance(RabbitBroker([fresh_rabbitmq.url], "new", seal, settings=settings), *destinations)
        instance.push.wanted = set(destinations)
        await instance.start()
        await instance.ready()
        instances.append(instance)
    yield instances
    for instance in instances:
        await instance.broker.stop()


async def test_old_instances_reach_new_ones_once(old: OldInstance, new: list[Instance]) -> None:
    everything, ann, nothing = new
    await old.publish()
    await everything.has(DELIVERIES)
    await ann.has(DELIVERIES[1:2])
    assert nothing.push.deliveries == []
    assert len(await old.received()) == 2


async def test_new_instances_reach_old_and_new_ones_once(old: OldInstance, new: list[Instance]) -> None:
    everything, ann, publisher = new
    await publisher.broker.publish(DELIVERIES)
    await everything.has(DELIVERIES)
    await ann.has(DELIVERIES[1:2])
    message, receipt = await old.received()
    assert (message.body, message.destinations) == (_BODY, [one.destination for one in DELIVERIES[:2]])
    assert message.key == tuple(getattr(_KEY, name) for name in ("id", "session_id", "seq", "sender_email"))
    assert message.committed_at == DELIVERIES[0].committed_at
    assert receipt == OldParcel("{}", [DELIVERIES[2].destination])


async def test_new_instances_without_the_fanout_reach_the_new_ones_with_it_and_the_other_way(
    fresh_rabbitmq: RabbitNode, old: OldInstance, new: list[Instance]
) -> None:
    """As when the setting is switched off, one instance after the other."""
    everything, _, publisher = new
    async with Instance(RabbitBroker([fresh_rabbitmq.url], "later", Seal(["ours"], SystemClock()))) as later:
        await later.broker.publish(DELIVERIES)
        await everything.has(DELIVERIES)
        assert await old.received() == []
        await publisher.broker.publish(more := [a_delivery(8)])
        await later.has([*DELIVERIES, *more])
        await everything.has([*DELIVERIES, *more])
