"""The replays of one connection: what they hold in memory, and for whom they read the store."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.stomp.feeds.ordered_feed import OrderedFeed
from adapters.stomp.protocol.subscription import Subscription
from tests.support.eventually import eventually
from tests.support.memory.feeds import PAGE, SESSIONS, Bench

FEEDS = 50


class Replays:
    """One connection with `FEEDS` subscriptions of one topic."""

    def __init__(self) -> None:
        self.bench = Bench("auto")
        for _ in range(3 * PAGE):
            self.bench.commit_to_topic()
        self.feeds = [self._feed(number) for number in range(FEEDS)]

    def _feed(self, serial: int) -> OrderedFeed:
        subscription = Subscription(str(serial), "/topic", "auto", serial=serial, version="1.2", max_unacked=9)
        return OrderedFeed(subscription, self.bench.queue, self.bench.line, self.bench.pages_after)

    def start(self) -> None:
        for feed in self.feeds:
            feed.start(0, len(self.bench.stored))

    async def nothing_moves(self) -> None:
        """Returns when no more pages are read."""
        read = -1
        while read != self.bench.pages_read:
            read = self.bench.pages_read
            for _ in range(20):
                await asyncio.sleep(0)


@pytest.fixture
async def replays() -> AsyncIterator[Replays]:
    replays = Replays()
    yield replays
    replays.bench.line.stop()
    replays.bench.queue.stop()


async def test_a_page_is_read_only_when_the_client_has_room(replays: Replays) -> None:
    replays.start()
    await replays.nothing_moves()
    assert replays.bench.pages_read == 1
    assert len(replays.bench.queue) == PAGE


async def test_each_feed_has_a_page_before_any_has_the_next(replays: Replays) -> None:
    replays.start()
    replays.bench.socket.read_all()
    wanted = [(SESSIONS[0], seq) for first in (1, 4, 7) for _ in range(FEEDS) for seq in range(first, first + PAGE)]
    await eventually(lambda: len(replays.bench.socket.messages) == len(wanted))
    assert replays.bench.socket.messages == wanted


async def test_a_feed_that_ends_in_line_delays_no_other(replays: Replays) -> None:
    replays.start()
    for feed in replays.feeds[:-1]:
        feed.stop()
    replays.bench.socket.read_all()
    await eventually(lambda: len(replays.bench.socket.messages) == 3 * PAGE)


async def test_nothing_is_read_for_a_client_that_has_gone(replays: Replays) -> None:
    replays.start()
    await replays.nothing_moves()
    replays.bench.queue.stop()
    await replays.nothing_moves()
    assert replays.bench.pages_read == 1
    assert replays.bench.failures == []
