"""Workers that die, hang, send garbage or restart do not delay the others, and notice lost deliveries."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.unix_sockets.broker import UnixBroker
from adapters.unix_sockets.frames import FrameReader, Hello, frame, read_hello, write_hello
from adapters.unix_sockets.settings import UnixSettings
from adapters.unix_sockets.worker_directory import WorkerDirectory
from application.wire.deliveries import CONTENT_TYPE
from tests.support.eventually import eventually
from tests.support.rabbitmq.broker_instance import Instance, a_delivery, some_deliveries

QUICK = UnixSettings(
    high_water=65_536,
    max_unsent=1_000_000,
    patience=0.02,
    stall_timeout=0.1,
    join_timeout=0.2,
    hello_timeout=0.2,
    flush_timeout=0.2,
    first_retry=0.01,
    last_retry=0.02,
    max_unidentified=8,
)


class Workers:
    """Workers that find each other in `path`. `gaps` has the numbers of workers that noticed lost deliveries."""

    def __init__(self, path: Path) -> None:
        self.directory = WorkerDirectory(path)
        self.directory.prepare()
        self.gaps: list[int] = []
        self._started: list[Instance] = []

    async def start(self, index: int, settings: UnixSettings = QUICK) -> Instance:
        broker = UnixBroker(self.directory, index, on_gap=lambda: self.gaps.append(index), settings=settings)
        instance = Instance(broker)
        self._started.append(instance)
        await instance.start()
        return instance

    async def stop(self) -> None:
        for instance in self._started:
            await instance.broker.stop()


@asynccontextmanager
async def stopped_reader(workers: Workers) -> AsyncIterator[None]:
    """A worker that says hello to worker 0, answers its hello, and then reads no more."""
    accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (hello, *_) = FrameReader().feed(await reader.read(1_000))
        assert read_hello(hello).index == 0
        writer.write(frame(b"an incarnation"))
        accepted.put_nowait(writer)

    async with await asyncio.start_unix_server(accept, workers.directory.socket(9)):
        hello = Hello(workers.directory.secret(), CONTENT_TYPE, 9, "an incarnation", 0)
        _, sending = await asyncio.open_unix_connection(workers.directory.socket(0))
        sending.write(frame(write_hello(hello)))
        reading = await accepted.get()
        yield
        sending.close()
        reading.close()


@pytest.fixture
async def workers(private_directory: Path) -> AsyncIterator[Workers]:
    workers = Workers(private_directory)
    yield workers
    await workers.stop()


async def test_a_started_worker_gets_every_later_publish(workers: Workers) -> None:
    first = await workers.start(0)
    await first.broker.publish(some_deliveries(3))
    second = await workers.start(1)
    deliveries = some_deliveries(3)
    await first.broker.publish(deliveries)
    await second.has(deliveries)
    assert workers.gaps == []


async def test_workers_that_start_together_find_each_other(workers: Workers) -> None:
    instances = await asyncio.gather(*(workers.start(index) for index in range(6)))
    for instance in instances:
        await instance.broker.publish([a_delivery()])
    await eventually(lambda: all(len(instance.push.deliveries) == 6 for instance in instances))


async def test_a_restarted_worker_gets_every_later_publish(workers: Workers) -> None:
    first, second = await workers.start(0), await workers.start(1)
    await second.broker.stop()
    await first.broker.publish(some_deliveries(2))
    again = await workers.start(1)
    deliveries = some_deliveries(2)
    await first.broker.publish(deliveries)
    await again.has(deliveries)
    await again.broker.publish(deliveries := some_deliveries(2))
    await first.has_got(deliveries)
    assert workers.gaps == []


async def test_the_socket_of_a_dead_worker_delays_no_publish(workers: Workers) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(workers.directory.socket(7)))
    patient = replace(QUICK, join_timeout=20)
    async with asyncio.timeout(patient.join_timeout / 2):
        first = await workers.start(0, patient)
        await first.broker.publish(some_deliveries(2))


async def test_the_link_to_a_hanging_worker_is_cut(workers: Workers, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket(socket.AF_UNIX) as hanging:
        hanging.bind(str(workers.directory.socket(7)))
        hanging.listen()
        first, second = await workers.start(0), await workers.start(1)
        big = [a_delivery(seq, body="x" * 50_000) for seq in range(1, 101)]
        async with asyncio.timeout(5):
            for delivery in big:
                await first.broker.publish([delivery])
        await second.has(big)
        await eventually(lambda: "link to 7.deliveries is cut" in caplog.text)


async def test_a_worker_that_stops_reading_delays_one_publish(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    first = await workers.start(0)
    async with stopped_reader(workers):
        async with asyncio.timeout(5):
            for seq in range(1, 17):
                await first.broker.publish([a_delivery(seq, body="x" * 50_000)])
        await eventually(lambda: "the worker reads nothing" in caplog.text)


async def test_a_slow_worker_gets_everything(workers: Workers) -> None:
    patient = replace(QUICK, stall_timeout=10)  # a busy machine may stop everything for longer than QUICK allows
    first, second = await workers.start(0, patient), await workers.start(1, patient)
    big = [a_delivery(seq, body="x" * 100_000) for seq in range(1, 101)]  # ten times what may be unsent
    await asyncio.gather(*(first.broker.publish([delivery]) for delivery in big[:5]))
    for delivery in big[5:]:
        await first.broker.publish([delivery])
    await second.has(big)
    assert workers.gaps == []


async def test_a_worker_notices_lost_deliveries_when_the_link_is_up_again(workers: Workers) -> None:
    first, second = await workers.start(0), await workers.start(1)
    await first.broker.publish([a_delivery()])
    await eventually(lambda: len(second.push.deliveries) == 1)
    assert isinstance(first.broker, UnixBroker)
    link = first.broker._links[1]
    assert link._connection is not None
    link._connection.cut("by the test")
    await first.broker.publish([a_delivery()])
    await eventually(lambda: workers.gaps == [1])
    deliveries = some_deliveries(2)
    await first.broker.publish(deliveries)
    await second.has_got(deliveries)


async def test_a_worker_that_lost_no_deliveries_reports_no_gap(workers: Workers) -> None:
    first, second = await workers.start(0), await workers.start(1)
    await first.broker.publish([a_delivery()])
    await eventually(lambda: len(second.push.deliveries) == 1)
    assert isinstance(first.broker, UnixBroker)
    link = first.broker._links[1]
    incarnation = link._incarnation
    assert link._connection is not None
    assert incarnation is not None
    link._connection.close()
    await eventually(lambda: link._incarnation is None)
    await link.wait_connected(incarnation)
    await first.broker.publish(deliveries := [a_delivery()])
    await second.has_got(deliveries)
    assert workers.gaps == []


@pytest.mark.parametrize(
    "garbage",
    [
        lambda secret: b"GET / HTTP/1.1\r\n\r\n",
        lambda secret: b"\xff" * 100,
        lambda secret: frame(b""),
        lambda secret: frame(b"\xc1" * 64),
        lambda secret: frame(write_hello(Hello(b"no secret", CONTENT_TYPE, 5, "x", 0))),
        lambda secret: frame(write_hello(Hello(secret, "another form", 5, "x", 0))),
        lambda secret: frame(write_hello(Hello(secret, CONTENT_TYPE, 5, "x", 0))) + frame(b"no deliveries"),
        lambda secret: frame(write_hello(Hello(secret, CONTENT_TYPE, 5, "x", 0))) + b"\x7f\xff\xff\xff",
    ],
)
async def test_garbage_closes_only_its_own_connection(workers: Workers, garbage: Callable[[bytes], bytes]) -> None:
    first, second = await workers.start(0), await workers.start(1)
    reader, writer = await asyncio.open_unix_connection(workers.directory.socket(0))
    writer.write(garbage(workers.directory.secret()))
    async with asyncio.timeout(5):
        with suppress(ConnectionError):
            await reader.read()
    writer.close()
    await second.broker.publish(deliveries := some_deliveries(3))
    await first.has(deliveries)


async def test_silent_connections_are_closed_and_limited(workers: Workers) -> None:
    first, second = await workers.start(0), await workers.start(1)
    silent = [await asyncio.open_unix_connection(workers.directory.socket(0)) for _ in range(20)]
    async with asyncio.timeout(5):
        for reader, _ in silent:
            with suppress(ConnectionError):
                assert await reader.read() == b""
    await second.broker.publish(deliveries := some_deliveries(3))
    await first.has(deliveries)
    for _, writer in silent:
        writer.close()
