"""The way out of a connection: what is slowness, and what waits in line."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

import pytest

from adapters.stomp.write_queue import MAX_BURST, PATIENCE, WriteQueue
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


async def test_stored_messages_do_not_count_for_the_overflow(writing: Writing) -> None:
    for _ in range(100):
        writing.queue.put("\n" * 50, stored=True)
    assert writing.overflows == 0
    writing.queue.put("\n" * 801)
    assert writing.overflows == 0
    assert writing.queue.has_overflown(monotonic() + PATIENCE)


async def test_a_burst_is_no_overflow_unless_it_waits_or_is_far_too_large(writing: Writing) -> None:
    queue = writing.queue
    queue.put("😀" * 200)
    now = monotonic()
    assert not queue.has_overflown(now + PATIENCE), "no more than may wait"
    queue.put("\n")
    assert not queue.has_overflown(now)
    assert queue.has_overflown(now + PATIENCE + 0.1)
    writing.socket.read_all()
    assert not queue.has_overflown(now + PATIENCE + 0.1)
    assert writing.overflows == 0


async def test_far_too_large_a_burst_is_an_overflow(writing: Writing) -> None:
    for _ in range(MAX_BURST):
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


async def test_a_replay_waits_until_the_client_reads(writing: Writing) -> None:
    queue = writing.queue
    queue.put("\n" * 101, stored=True)
    room = asyncio.create_task(queue.room_for_replay())
    await asyncio.sleep(0.01)
    assert not room.done()
    writing.socket.read()
    await asyncio.wait_for(room, 30)
    assert queue.unsent == 0


async def test_nothing_is_kept_for_a_client_that_has_gone(writing: Writing) -> None:
    queue = writing.queue
    for _ in range(5):
        queue.put("\n" * 100)
    room = asyncio.create_task(queue.room_for_replay())
    await asyncio.sleep(0)
    queue.stop()
    await asyncio.wait_for(room, 30)
    queue.put("\n" * 700, stored=True)
    queue.put("\n" * 10_000)
    assert queue.unsent == 0
    assert len(queue) == 0
    assert writing.overflows == 0
