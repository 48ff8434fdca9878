"""The way out of a connection: what is slowness, and what waits in line."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

import pytest

from adapters.stomp.write_queue import WriteQueue
from tests.support.memory.feeds import Socket


class Writing:
    def __init__(self) -> None:
        self.socket = Socket()
        self.overflows = 0
        self.queue = WriteQueue(self.socket, lambda _: None, 800, self._overflowed)
        self.socket.on_taken = self.queue.writable

    def _overflowed(self) -> None:
        self.overflows += 1


@pytest.fixture
async def writing() -> AsyncIterator[Writing]:
    writing = Writing()
    yield writing
    writing.queue.stop()


async def test_what_the_store_has_is_no_overflow(writing: Writing) -> None:
    for _ in range(100):
        writing.queue.put("\n" * 50, stored=True)
    assert writing.overflows == 0
    writing.queue.put("\n" * 800)
    assert writing.overflows == 0
    writing.queue.put("\n")
    assert writing.overflows == 1


async def test_only_a_socket_that_takes_nothing_is_stalled(writing: Writing) -> None:
    for _ in range(3):
        writing.queue.put("\n")
    queued_at = monotonic()
    await asyncio.sleep(0)
    assert writing.queue.stalled_for(queued_at + 10) == pytest.approx(10, abs=0.1)
    await asyncio.sleep(0.2)
    writing.socket.read()
    await asyncio.sleep(0.01)
    assert writing.queue.stalled_for(queued_at + 10) < 9.9
    writing.socket.read_all()
    await writing.queue.drain()
    assert writing.queue.stalled_for(queued_at + 10) == 0


async def test_replays_wait_in_one_line_and_are_woken_one_at_a_time(writing: Writing) -> None:
    queue, order, most = writing.queue, [], 0

    async def replay(name: int) -> None:
        nonlocal most
        for _ in range(3):
            async with queue.replay_turn():
                queue.put("\n" * 90, stored=True)
                order.append(name)
                most = max(most, queue.unsent)

    queue.put("\n" * 200)
    replays = [asyncio.create_task(replay(name)) for name in range(20)]
    await asyncio.sleep(0)
    while not all(one.done() for one in replays):
        writing.socket.read()
        await asyncio.sleep(0)
    assert order == [*range(20)] * 3
    assert most <= 100 + 90, "the room of a replay and one message"


async def test_a_replay_that_ends_in_line_holds_up_nobody(writing: Writing) -> None:
    queue = writing.queue
    queue.put("\n" * 200)

    async def replay() -> None:
        async with queue.replay_turn():
            queue.put("\n", stored=True)

    replays = [asyncio.create_task(replay()) for _ in range(5)]
    await asyncio.sleep(0)
    for one in replays[:-1]:
        one.cancel()
    writing.socket.read_all()
    await asyncio.wait_for(replays[-1], 5)
