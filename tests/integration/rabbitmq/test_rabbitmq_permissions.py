"""The permissions that `docs/rabbitmq.md` names are enough for the service, and too little for a forger."""

import asyncio
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import aio_pika
import pytest
from aiormq.exceptions import ChannelAccessRefused

from adapters.rabbitmq.deliveries.broker import RabbitBroker
from adapters.rabbitmq.deliveries.seal import Seal
from adapters.rabbitmq.routing import bucket_key
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.topology import DEAD_QUEUE, DELIVERIES_EXCHANGE, ROUTED_EXCHANGE, SEND_QUEUE
from adapters.system.clock import SystemClock
from application.ports.send_queue import Accept, PutAside, Reject, Submission, Verdict
from lab.rabbitmq import RabbitNode
from tests.support.eventually import eventually, eventually_some
from tests.support.rabbitmq.broker_instance import MESSAGES, Instance, some_deliveries
from tests.support.rabbitmq.queues import send_queue

DOCUMENT = Path(__file__).parents[3] / "docs" / "rabbitmq.md"
WITH_FANOUT = RabbitSettings(fanout=True)


@pytest.fixture
def users(fresh_rabbitmq: RabbitNode) -> Iterator[RabbitNode]:
    """A node with the users `chat` and `producer`, whose passwords are `secret`."""
    commands = [
        shlex.split(line)[1:]
        for line in DOCUMENT.read_text().splitlines()
        if line.strip().startswith(("rabbitmqctl set_permissions", "rabbitmqctl set_topic_permissions"))
    ]
    assert {command[1] for command in commands} == {"chat", "producer"}
    for name in ("chat", "producer"):
        fresh_rabbitmq.ctl("add_user", name, "secret")
    for command in commands:
        fresh_rabbitmq.ctl(*command)
    yield fresh_rabbitmq
    for name in ("chat", "producer"):
        fresh_rabbitmq.ctl("delete_user", name)


def url_of(name: str, node: RabbitNode) -> str:
    return f"amqp://{name}:secret@127.0.0.1:{node.port}/"


async def test_the_service_can_do_all_that_it_does(users: RabbitNode) -> None:
    url = url_of("chat", users)
    instances = [
        Instance(RabbitBroker([url], "test", Seal(["ours"], SystemClock()), mirror_topics=True, settings=WITH_FANOUT))
        for _ in range(2)
    ]
    seen: list[bytes] = []

    async def handle(sends: Sequence[Submission]) -> list[Verdict]:
        bodies = [send.body for send in sends]
        verdicts: list[Verdict] = []
        for body in bodies:
            first = body not in seen
            seen.append(body)
            verdicts.append(Reject("bad") if body == b"bad" else PutAside(0.1) if first else Accept())
        return verdicts

    async def is_buried() -> bool:
        queues = await asyncio.to_thread(users.queues)
        return queues[DEAD_QUEUE] == 1 and queues[SEND_QUEUE] == 0

    async with instances[0], instances[1]:
        deliveries = some_deliveries(3)
        await instances[0].publish(deliveries)
        await instances[1].has(deliveries)
        async with send_queue(url, handle) as queue:
            for body in (b"aside", b"bad"):
                await queue.submit(body)
            await eventually(lambda: sorted(seen) == [b"aside", b"aside", b"bad"])
            assert await eventually_some(is_buried)


async def test_a_producer_can_submit_sends_and_nothing_else(users: RabbitNode) -> None:
    url = url_of("chat", users)
    instance = Instance(RabbitBroker([url], "test", Seal(["ours"], SystemClock()), settings=WITH_FANOUT))

    async def is_submitted() -> bool:
        return (await asyncio.to_thread(users.queues))[SEND_QUEUE] == 1

    async with send_queue(url), instance:
        connection = await aio_pika.connect(url_of("producer", users))
        async with connection:
            async with connection.channel() as channel:
                topic = await channel.get_exchange("amq.topic", ensure=False)
                await topic.publish(aio_pika.Message(b"{}"), "app/chat.send")
            for exchange, key in (
                ("amq.topic", "session.x"),
                (DELIVERIES_EXCHANGE, ""),
                (ROUTED_EXCHANGE, bucket_key(MESSAGES)),
                ("", SEND_QUEUE),
                ("", DEAD_QUEUE),
            ):
                underlay = await (await connection.channel()).get_underlay_channel()
                with pytest.raises(ChannelAccessRefused):
                    await underlay.basic_publish(b"{}", exchange=exchange, routing_key=key)
            dead = await (await connection.channel()).get_queue(DEAD_QUEUE, ensure=False)
            with pytest.raises(ChannelAccessRefused):
                await dead.get()
        assert await eventually_some(is_submitted)
