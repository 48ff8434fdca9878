"""What clumsy producers send: stored or rejected as other sends are, and in nobody's way."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aio_pika
import pytest

from adapters.rabbitmq.sends.moved_sends import REASON_HEADER
from adapters.rabbitmq.settings import RabbitSettings
from adapters.rabbitmq.topology import DEAD_QUEUE, HELD_QUEUE, SEND_QUEUE
from application.ports.send_queue import Accept, PutAside, Reject, Retry, Submission, Verdict
from lab.rabbitmq import RabbitNode
from tests.support.eventually import eventually
from tests.support.rabbitmq.odd_properties import ODD, publish
from tests.support.rabbitmq.queues import eventually_empty, send_queue
from tests.support.rabbitmq.raw_amqp import long, table

MAX_FRAME = 65_536
SETTINGS = RabbitSettings(
    first_backoff=0.01, max_backoff=0.1, send_retry=0.01, max_send_retry=0.1, max_frame_bytes=MAX_FRAME
)
BEGINNING = 5
"""Octets by which a test knows its messages."""


class Judging:
    """Accepts what is good, puts aside what says so once, and rejects the rest."""

    def __init__(self) -> None:
        self.stored: list[bytes] = []
        self.away = False
        self.waiting: set[bytes] = set()
        self._seen: set[bytes] = set()

    async def __call__(self, sends: Sequence[Submission]) -> list[Verdict]:
        if self.away:
            self.waiting.update(send.body[:BEGINNING] for send in sends)
            return [Retry()] * len(sends)
        return [self._judge(send.body) for send in sends]

    def _judge(self, body: bytes) -> Verdict:
        if body.startswith(b"aside") and body not in self._seen:
            self._seen.add(body)
            return PutAside(0.1)
        if body.startswith(b"bad"):
            return Reject("malformed")
        self.stored.append(body)
        return Accept()


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
    async with send_queue(fresh_rabbitmq.url, judging, SETTINGS):
        bodies = [b"good", b"aside", b"bad"]
        for name, properties in ODD.items():
            for body in bodies:
                named = body + name.encode()
                await asyncio.to_thread(publish, fresh_rabbitmq, "amq.topic", "app/chat.send", named, properties)
        expected = {body + name.encode() for name in ODD for body in bodies[:2]}
        await eventually(lambda: set(judging.stored) == expected)
        await eventually_empty(fresh_rabbitmq, SEND_QUEUE, HELD_QUEUE)
    assert sorted(await all_dead(fresh_rabbitmq)) == sorted((b"bad" + name.encode(), "malformed") for name in ODD)
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("number", [b"\x7f\xf8", b"\x7f\xf0", b"\xff\xf0"], ids=["nan", "infinite", "minus infinite"])
async def test_rabbitmq_itself_refuses_a_number_that_is_none(fresh_rabbitmq: RabbitNode, number: bytes) -> None:
    judging = Judging()
    async with send_queue(fresh_rabbitmq.url, judging, SETTINGS):
        headers = {"headers": table((b"x-held-since", b"d" + number + bytes(6)))}
        with pytest.raises(AssertionError, match="Close"):
            await asyncio.to_thread(publish, fresh_rabbitmq, "amq.topic", "app/chat.send", b"odd", headers)
        await asyncio.to_thread(publish, fresh_rabbitmq, "amq.topic", "app/chat.send", b"good", {})
        await eventually(lambda: judging.stored == [b"good"])


async def test_huge_sends_take_little_memory(fresh_rabbitmq: RabbitNode) -> None:
    """RabbitMQ limits what a consumer holds by messages, not by octets; of a refused one the beginning is enough."""
    count = 50
    judging = Judging()
    async with send_queue(fresh_rabbitmq.url, judging, SETTINGS):
        pass  # it declares the queues
    judging.away = True
    producing = await aio_pika.connect(fresh_rabbitmq.url)
    async with producing, producing.channel() as channel, AsyncExitStack() as stack:
        exchange = await channel.get_exchange("amq.topic")
        for number in range(count):
            await exchange.publish(aio_pika.Message(b"bad%2d" % number + b"x" * 4_000_000), "app/chat.send")
        await exchange.publish(aio_pika.Message(b"good"), "app/chat.send")
        with ProcessMemory() as memory:
            await stack.enter_async_context(send_queue(fresh_rabbitmq.url, judging, SETTINGS))
            await eventually(lambda: len(judging.waiting) == count + 1, 60)
        assert memory.grown < 64 * 1024 * 1024
        judging.away = False
        await eventually(lambda: judging.stored == [b"good"], 30)
        await eventually_empty(fresh_rabbitmq, SEND_QUEUE, within=60)
    letters = await all_dead(fresh_rabbitmq)
    assert [(len(body), reason) for body, reason in letters] == [(MAX_FRAME + 1, "malformed")] * count


class ProcessMemory:
    """How much more memory this process held at a time than when it was entered, in octets."""

    grown = 0

    def __enter__(self) -> "ProcessMemory":
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew: proc(5)
        self._before = self._read("VmRSS")
        return self

    def __exit__(self, *_: object) -> None:
        self.grown = self._read("VmHWM") - self._before

    @staticmethod
    def _read(name: str) -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        (found,) = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
        return int(found) * 1024


async def test_a_copy_is_sent_nowhere_else(fresh_rabbitmq: RabbitNode) -> None:
    """By the header CC, RabbitMQ sends a message to further queues."""
    judging = Judging()
    async with send_queue(fresh_rabbitmq.url, judging, SETTINGS):
        cc = table((b"CC", b"A" + long(b"S" + long(SEND_QUEUE.encode()))))
        for body in (b"aside", b"bad"):
            await asyncio.to_thread(publish, fresh_rabbitmq, "amq.topic", "app/chat.send", body, {"headers": cc})
        await eventually(lambda: judging.stored == [b"aside"])
        await eventually_empty(fresh_rabbitmq, SEND_QUEUE, HELD_QUEUE)
    assert await all_dead(fresh_rabbitmq) == [(b"bad", "malformed")]
    assert judging.stored == [b"aside"]
