"""What every queue of sends promises. An adapter's suite gives `new_send_queue` (each call an instance) and `dead`."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from application.ports.send_queue import (
    Accept,
    PutAside,
    Reject,
    Retry,
    SendHandler,
    SendQueue,
    Submission,
    Verdict,
)
from domain.errors import Unavailable
from tests.support.eventually import eventually, eventually_some

NewSendQueue = Callable[[], SendQueue]
Dead = Callable[[], Awaitable[list[tuple[bytes, str]]]]
Start = Callable[[SendHandler | None], Awaitable[SendQueue]]


class Recorder:
    """A handler that remembers what it was handed; `judge` gives the verdict of each."""

    def __init__(self, judge: Callable[[bytes], Verdict] = lambda _: Accept()) -> None:
        self.judge = judge
        self.handed: list[bytes] = []
        self.stored: list[bytes] = []
        self.held_for: dict[bytes, list[float]] = defaultdict(list)

    async def __call__(self, sends: Sequence[Submission]) -> list[Verdict]:
        bodies = [send.body for send in sends]
        self.handed.extend(bodies)
        for send in sends:
            self.held_for[send.body].append(send.held_for)
        verdicts = [self.judge(body) for body in bodies]
        self.stored += [body for body, verdict in zip(bodies, verdicts, strict=True) if isinstance(verdict, Accept)]
        return verdicts


def bodies(count: int) -> list[bytes]:
    return [b"%d" % n for n in range(count)]


class SendQueueContract:
    @pytest.fixture
    async def start(self, new_send_queue: NewSendQueue) -> AsyncIterator[Start]:
        started: list[SendQueue] = []

        async def start(handler: SendHandler | None = None) -> SendQueue:
            queue = new_send_queue()
            if handler is not None:
                queue.consume(handler)
            await queue.start()
            started.append(queue)
            return queue

        yield start
        for queue in started:
            await queue.stop()

    async def submit(self, queue: SendQueue, sends: Sequence[bytes]) -> None:
        """Submits; a queue that is only starting is tried again."""
        for body in sends:
            async with asyncio.timeout(10):
                while True:
                    try:
                        await queue.submit(body)
                        break
                    except Unavailable:
                        await asyncio.sleep(0.01)

    async def test_sends_are_handed_over_in_order(self, start: Start) -> None:
        handler = Recorder()
        queue = await start(handler)
        await self.submit(queue, bodies(50))
        await eventually(lambda: len(handler.stored) == 50)
        assert handler.stored == bodies(50)

    async def test_a_send_waits_for_a_consumer(self, start: Start) -> None:
        await self.submit(await start(None), bodies(5))
        handler = Recorder()
        await start(handler)
        await eventually(lambda: handler.stored == bodies(5))

    async def test_waiting_sends_come_in_batches(self, start: Start) -> None:
        await self.submit(await start(None), bodies(100))
        sizes: list[int] = []

        async def handle(sends: Sequence[Submission]) -> list[Verdict]:
            sizes.append(len(sends))
            return [Accept()] * len(sends)

        await start(handle)
        await eventually(lambda: sum(sizes) == 100)
        assert len(sizes) < 100

    async def test_instances_compete_for_sends(self, start: Start) -> None:
        handlers = [Recorder() for _ in range(3)]
        queues = [await start(handler) for handler in handlers]
        await self.submit(queues[0], bodies(60))
        await eventually(lambda: sum(len(handler.stored) for handler in handlers) >= 60)
        assert Counter(body for handler in handlers for body in handler.stored) == Counter(bodies(60))

    async def test_a_rejected_send_becomes_a_dead_letter_with_the_reason(self, start: Start, dead: Dead) -> None:
        handler = Recorder(lambda body: Reject("not-a-participant") if body == b"1" else Accept())
        queue = await start(handler)
        await self.submit(queue, bodies(3))
        await eventually(lambda: len(handler.handed) == 3)
        assert handler.stored == [b"0", b"2"]
        assert await eventually_some(dead) == [(b"1", "not-a-participant")]

    async def test_sends_for_later_keep_their_order(self, start: Start, dead: Dead) -> None:
        away = True
        handler = Recorder(lambda _: Retry() if away else Accept())
        queue = await start(handler)
        await self.submit(queue, bodies(10))
        await eventually(lambda: handler.handed.count(b"0") >= 4)
        away = False
        await eventually(lambda: len(handler.stored) == 10, within=60)
        assert handler.stored == bodies(10)
        assert await dead() == []

    async def test_a_send_for_later_does_not_block_the_others(self, start: Start) -> None:
        handler = Recorder(lambda body: Retry() if body == b"0" else Accept())
        queue = await start(handler)
        await self.submit(queue, bodies(20))
        await eventually(lambda: handler.stored == bodies(20)[1:])
        await self.submit(queue, [b"new"])
        await eventually(lambda: handler.stored[-1] == b"new")
        handler.judge = lambda _: Accept()
        await eventually(lambda: handler.stored[-1] == b"0")

    async def test_sends_put_aside_leave_room_for_the_others(self, start: Start, dead: Dead) -> None:
        asides = [b"aside %d" % n for n in range(500)]
        undecided = True
        handler = Recorder(lambda body: PutAside(0.5) if undecided and body in asides else Accept())
        queue = await start(handler)
        await self.submit(queue, asides)
        await eventually(lambda: set(handler.handed) >= set(asides), within=60)
        await self.submit(queue, bodies(50))
        await eventually(lambda: handler.stored == bodies(50))
        undecided = False
        await eventually(lambda: len(handler.stored) == 550, within=60)
        assert Counter(handler.stored) == Counter([*asides, *bodies(50)])
        assert await dead() == []

    async def test_sends_put_aside_come_back_in_order(self, start: Start) -> None:
        handler = Recorder()
        # the first ones for the longest, so that they would be overtaken
        handler.judge = lambda body: Accept() if len(handler.held_for[body]) > 1 else PutAside(1.0 - int(body) / 50)
        await self.submit(await start(handler), bodies(50))
        await eventually(lambda: len(handler.stored) == 50)
        assert handler.stored == bodies(50)

    async def test_a_send_put_aside_comes_back_to_another_instance(self, start: Start) -> None:
        queue = await start(first := Recorder(lambda _: PutAside(0.2)))
        await self.submit(queue, [b"a"])
        await eventually(lambda: first.handed == [b"a"])
        await queue.stop()
        await start(second := Recorder())
        await eventually(lambda: second.stored == [b"a"])
        assert second.held_for[b"a"][0] > 0.1

    @pytest.mark.parametrize("verdict", [Retry(), PutAside(0.05)], ids=["later", "aside"])
    async def test_a_handler_learns_how_long_a_send_was_held(self, start: Start, dead: Dead, verdict: Verdict) -> None:
        handler = Recorder()
        handler.judge = lambda body: Reject("held-too-long") if handler.held_for[body][-1] > 2 else verdict
        await self.submit(await start(handler), [b"a"])
        assert await eventually_some(dead) == [(b"a", "held-too-long")]
        ages = handler.held_for[b"a"]
        assert ages == sorted(ages)
        assert 0 <= ages[0] < 2 < ages[-1] < 4
        assert len(ages) > 3

    async def test_unavailable_is_later_for_all(self, start: Start) -> None:
        stored: list[bytes] = []
        tries = 0

        async def handle(sends: Sequence[Submission]) -> list[Verdict]:
            nonlocal tries
            tries += 1
            if tries < 3:
                raise Unavailable
            stored.extend(send.body for send in sends)
            return [Accept()] * len(sends)

        await self.submit(await start(handle), [b"a"])
        await eventually(lambda: stored == [b"a"], within=60)

    async def test_only_the_send_that_breaks_the_handler_dies(self, start: Start, dead: Dead) -> None:
        stored: list[bytes] = []

        async def handle(sends: Sequence[Submission]) -> list[Verdict]:
            bodies = [send.body for send in sends]
            if b"poison" in bodies:
                raise RuntimeError
            stored.extend(bodies)
            return [Accept()] * len(sends)

        await self.submit(await start(None), [b"before", b"poison", b"after"])
        await start(handle)
        await eventually(lambda: {b"before", b"after"} == set(stored))
        assert await eventually_some(dead, within=30) == [(b"poison", "delivery_limit")]

    async def test_stop_waits_for_the_batch_in_progress(self, start: Start) -> None:
        begun, go_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def handle(sends: Sequence[Submission]) -> list[Verdict]:
            begun.set()
            await go_on.wait()
            ended.set()
            return [Accept()] * len(sends)

        queue = await start(handle)
        await self.submit(queue, [b"a"])
        await begun.wait()
        stopping = asyncio.create_task(queue.stop())
        await asyncio.sleep(0)
        go_on.set()
        await stopping
        assert ended.is_set()
        await queue.stop()
