"""Workers that die, hang, talk garbage or come back never hold up the others, and learn what they have missed."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from adapters.unix_sockets.broker import UnixBroker
from adapters.unix_sockets.frames import FrameReader, Hello, frame, read_hello, write_hello
from adapters.unix_sockets.meeting_place import MeetingPlace
from adapters.unix_sockets.settings import UnixSettings
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
    max_strangers=8,
)


class Workers:
    """They meet in `directory`; `gaps` has the numbers of those that were told of missing deliveries."""

    def __init__(self, directory: Path) -> None:
        self.place = MeetingPlace(directory)
        self.place.prepare()
        self.gaps: list[int] = []
        self._started: list[Instance] = []

    async def start(self, index: int) -> Instance:
        broker = UnixBroker(self.place, index, on_gap=lambda: self.gaps.append(index), settings=QUICK)
        instance = Instance(broker)
        self._started.append(instance)
        await instance.start()
        return instance

    async def stop(self) -> None:
        for instance in self._started:
            await instance.broker.stop()


@asynccontextmanager
async def stopped_reader(workers: Workers) -> AsyncIterator[None]:
    """A worker that greets worker 0, answers its greeting as it should, and then reads no more."""
    accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (greeting, *_) = FrameReader().feed(await reader.read(1_000))
        assert read_hello(greeting).index == 0
        writer.write(frame(b"a life"))
        accepted.put_nowait(writer)

    async with await asyncio.start_unix_server(accept, workers.place.socket(9)):
        hello = Hello(workers.place.secret(), CONTENT_TYPE, 9, "a life", 0)
        _, greeting = await asyncio.open_unix_connection(workers.place.socket(0))
        greeting.write(frame(write_hello(hello)))
        reading = await accepted.get()
        yield
        greeting.close()
        reading.close()


@pytest.fixture
async def workers(private_directory: Path) -> AsyncIterator[Workers]:
    workers = Workers(private_directory)
    yield workers
    await workers.stop()


async def test_whoever_has_started_gets_what_is_published_from_then_on(workers: Workers) -> None:
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
    for instance in instances:
        await eventually(lambda instance=instance: len(instance.push.deliveries) == 6)


async def test_a_worker_that_is_started_anew_gets_what_is_published_from_then_on(workers: Workers) -> None:
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


async def test_a_dead_worker_whose_socket_is_left_holds_up_nobody(workers: Workers) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(workers.place.socket(7)))
    async with asyncio.timeout(QUICK.join_timeout / 2):
        first = await workers.start(0)
        await first.broker.publish(some_deliveries(2))


async def test_a_hanging_worker_is_not_waited_for_and_is_cut_off(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket(socket.AF_UNIX) as hanging:
        hanging.bind(str(workers.place.socket(7)))
        hanging.listen()
        first, second = await workers.start(0), await workers.start(1)
        big = [a_delivery(seq, body="x" * 50_000) for seq in range(1, 101)]
        async with asyncio.timeout(5):
            for delivery in big:
                await first.broker.publish([delivery])
        await second.has(big)
        await eventually(lambda: "link to 7.deliveries is cut" in caplog.text)


async def test_a_worker_that_stops_reading_is_waited_for_once_and_cut_off(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    first = await workers.start(0)
    async with stopped_reader(workers):
        async with asyncio.timeout(5):
            for seq in range(1, 17):
                await first.broker.publish([a_delivery(seq, body="x" * 50_000)])
        await eventually(lambda: "it takes nothing" in caplog.text)


async def test_a_slow_worker_gets_everything(workers: Workers) -> None:
    first, second = await workers.start(0), await workers.start(1)
    big = [a_delivery(seq, body="x" * 100_000) for seq in range(1, 101)]  # ten times what may be unsent
    await asyncio.gather(*(first.broker.publish([delivery]) for delivery in big[:5]))
    for delivery in big[5:]:
        await first.broker.publish([delivery])
    await second.has(big)
    assert workers.gaps == []


async def test_who_has_missed_deliveries_is_told_when_it_is_reached_again(workers: Workers) -> None:
    first, second = await workers.start(0), await workers.start(1)
    await first.broker.publish([a_delivery()])
    await eventually(lambda: len(second.push.deliveries) == 1)
    link = first.broker._links[1]
    assert link._connection is not None
    link._connection.cut("the test says so")
    await first.broker.publish([a_delivery()])
    await eventually(lambda: workers.gaps == [1])
    deliveries = some_deliveries(2)
    await first.broker.publish(deliveries)
    await second.has_got(deliveries)


async def test_who_has_missed_nothing_is_told_nothing(workers: Workers) -> None:
    first, second = await workers.start(0), await workers.start(1)
    await first.broker.publish([a_delivery()])
    await eventually(lambda: len(second.push.deliveries) == 1)
    link = first.broker._links[1]
    life = link._life
    assert link._connection is not None
    assert life is not None
    link._connection.close()
    await eventually(lambda: link._life is None)
    await link.reaches(life)
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
async def test_garbage_ends_its_connection_and_nothing_else(
    workers: Workers, garbage: Callable[[bytes], bytes]
) -> None:
    first, second = await workers.start(0), await workers.start(1)
    reader, writer = await asyncio.open_unix_connection(workers.place.socket(0))
    writer.write(garbage(workers.place.secret()))
    async with asyncio.timeout(5):
        with suppress(ConnectionError):
            await reader.read()
    writer.close()
    await second.broker.publish(deliveries := some_deliveries(3))
    await first.has(deliveries)


async def test_who_says_nothing_is_sent_away_and_there_are_only_so_many(workers: Workers) -> None:
    first, second = await workers.start(0), await workers.start(1)
    silent = [await asyncio.open_unix_connection(workers.place.socket(0)) for _ in range(20)]
    async with asyncio.timeout(5):
        for reader, _ in silent:
            with suppress(ConnectionError):
                assert await reader.read() == b""
    await second.broker.publish(deliveries := some_deliveries(3))
    await first.has(deliveries)
    for _, writer in silent:
        writer.close()
