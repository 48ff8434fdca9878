"""What strangers and clumsy producers write into RabbitMQ: counted or buried, and in nobody's way."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aio_pika
import pytest

from adapters.rabbitmq.broker import RabbitBroker
from adapters.rabbitmq.moved_sends import REASON_HEADER
from adapters.rabbitmq.seal import Seal
from adapters.rabbitmq.send_queue import RabbitSendQueue
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.topology import DEAD_QUEUE, DELIVERIES_EXCHANGE, HELD_QUEUE, SEND_QUEUE
from application.ports.send_queue import Accepted, Aside, Rejected, Submission, Verdict
from application.wire.deliveries import CONTENT_TYPE, pack
from lab.rabbitmq import RabbitNode
from tests.support.eventually import eventually
from tests.support.rabbitmq.broker_instance import Instance, some_deliveries
from tests.support.rabbitmq.raw_amqp import nested, raw_producer, short, table

LATEST = b"\xff" * 8
ODD: dict[str, dict[str, bytes]] = {
    "nothing": {},
    "texts that are no UTF-8": {
        "content_type": short(b"\xff\xfe"),
        "content_encoding": short(b"\xff"),
        "message_id": short(b"\xff" * 255),
        "app_id": short(b"\xc0\x80"),
        "correlation_id": short(b"\xff"),
    },
    "an encoding": {"content_encoding": short(b"gzip")},
    "a time beyond the calendar": {"timestamp": LATEST},
    "an odd number": {"priority": b"\xff"},
    "a header that is no UTF-8": {"headers": table((b"a", b"S\0\0\0\x02\xff\xfe"), (b"\xff", b"V"))},
    "a header with a time beyond the calendar": {"headers": table((b"when", b"T" + LATEST))},
    "headers of all types": {
        "headers": table(
            (b"t", b"t\x01"),
            (b"b", b"b\xff"),
            (b"s", b"s\xff\xff"),
            (b"I", b"I\xff\xff\xff\xff"),
            (b"l", b"l" + LATEST),
            (b"f", b"f\0\0\0\0"),
            (b"d", b"d\x3f\xf0\0\0\0\0\0\0"),
            (b"D", b"D\x02\0\0\0\x01"),
            (b"x", b"x\0\0\0\x02\xff\xfe"),
            (b"A", b"A\0\0\0\x02t\x01"),
            (b"F", b"F" + table((b"V", b"V"))),
        )
    },
    "our headers with other types": {
        "headers": table(
            (b"x-held-since", b"S\0\0\0\x01a"),
            (b"x-delivery-count", b"A\0\0\0\0"),
            (b"x-chat-signature", b"t\x01"),
            (b"x-chat-signed-at", b"F" + table()),
            (b"x-death", b"S\0\0\0\x01a"),
        )
    },
    "tables within tables": {"headers": nested(5_000)},
    "huge headers": {"headers": table(*((b"%d" % n, b"S\0\0\x03\xe8" + b"x" * 1_000) for n in range(125)))},
}
SETTINGS = RabbitSettings(first_backoff=0.01, max_backoff=0.1, send_retry=0.01, max_send_retry=0.1)


class Counting(Instance):
    def __init__(self, node: RabbitNode) -> None:
        self.gaps = self.rejected = 0
        super().__init__(
            RabbitBroker(
                [node.url],
                "test",
                Seal(["ours"]),
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
    instances = [Counting(rabbitmq) for _ in range(2)]
    for instance in instances:
        await instance.start()
        await instance.broker.wait_ready()
    yield instances
    for instance in instances:
        await instance.broker.stop()


def publish(node: RabbitNode, exchange: str, routing_key: str, body: bytes, properties: dict[str, bytes]) -> None:
    with raw_producer(node.port) as producer:
        producer.publish(exchange, routing_key, body, **properties)


@pytest.mark.parametrize("name", ODD)
async def test_a_message_on_the_exchange_of_deliveries_that_no_instance_sent_has_no_effect(
    rabbitmq: RabbitNode, instances: list[Counting], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    (forged,) = pack(some_deliveries(3), 100_000)
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


async def test_a_flood_of_forgeries_sends_nobody_away(rabbitmq: RabbitNode, instances: list[Counting]) -> None:
    (forged,) = pack(some_deliveries(3), 100_000)
    connection = await aio_pika.connect(rabbitmq.url)
    async with connection, connection.channel() as channel:
        exchange = await channel.get_exchange(DELIVERIES_EXCHANGE)
        for number in range(500):
            message = aio_pika.Message(forged, content_type=CONTENT_TYPE, app_id="host.1", message_id=str(number))
            await exchange.publish(message, "")
    await eventually(lambda: all(instance.rejected == 500 for instance in instances))
    assert [(instance.gaps, instance.push.deliveries) for instance in instances] == [(0, []), (0, [])]


class Judging:
    """Accepts what is good, puts aside what says so once, and rejects the rest."""

    def __init__(self) -> None:
        self.stored: list[bytes] = []
        self._seen: set[bytes] = set()

    async def __call__(self, sends: Sequence[Submission]) -> list[Verdict]:
        return [self._judge(send.body) for send in sends]

    def _judge(self, body: bytes) -> Verdict:
        if body.startswith(b"aside") and body not in self._seen:
            self._seen.add(body)
            return Aside(0.1)
        if body.startswith(b"bad"):
            return Rejected("malformed")
        self.stored.append(body)
        return Accepted()


async def all_dead(node: RabbitNode) -> list[tuple[bytes, Any]]:
    connection = await aio_pika.connect(node.url)
    letters: list[tuple[bytes, Any]] = []
    async with connection, connection.channel() as channel:
        queue = await channel.get_queue(DEAD_QUEUE)
        while (letter := await queue.get(fail=False)) is not None:
            letters.append((letter.body, letter.headers[REASON_HEADER]))
    return letters


async def test_sends_with_odd_properties_are_taken_put_aside_and_buried_like_others(
    fresh_rabbitmq: RabbitNode, caplog: pytest.LogCaptureFixture
) -> None:
    judging = Judging()
    queue = RabbitSendQueue([fresh_rabbitmq.url], "test", SETTINGS)
    queue.consume(judging)
    await queue.start()
    await queue.wait_ready()
    bodies = [b"good", b"aside", b"bad"]
    for name, properties in ODD.items():
        for body in bodies:
            named = body + name.encode()
            await asyncio.to_thread(publish, fresh_rabbitmq, "amq.topic", "app/chat.send", named, properties)
    expected = {body + name.encode() for name in ODD for body in bodies[:2]}
    await eventually(lambda: set(judging.stored) == expected)
    await eventually(lambda: fresh_rabbitmq.queues()[SEND_QUEUE] == fresh_rabbitmq.queues()[HELD_QUEUE] == 0)
    await queue.stop()
    assert sorted(await all_dead(fresh_rabbitmq)) == sorted((b"bad" + name.encode(), "malformed") for name in ODD)
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_copy_is_sent_nowhere_else(fresh_rabbitmq: RabbitNode) -> None:
    """By the header CC, RabbitMQ sends a message to further queues."""
    judging = Judging()
    queue = RabbitSendQueue([fresh_rabbitmq.url], "test", SETTINGS)
    queue.consume(judging)
    await queue.start()
    await queue.wait_ready()
    cc = table((b"CC", b"A" + long(b"S" + long(SEND_QUEUE.encode()))))
    for body in (b"aside", b"bad"):
        await asyncio.to_thread(publish, fresh_rabbitmq, "amq.topic", "app/chat.send", body, {"headers": cc})
    await eventually(lambda: judging.stored == [b"aside"])
    await eventually(lambda: fresh_rabbitmq.queues()[SEND_QUEUE] == fresh_rabbitmq.queues()[HELD_QUEUE] == 0)
    await queue.stop()
    assert await all_dead(fresh_rabbitmq) == [(b"bad", "malformed")]
    assert judging.stored == [b"aside"]


def long(octets: bytes) -> bytes:
    return len(octets).to_bytes(4, "big") + octets
