"""Feeds of a slow client: whatever comes in whatever order, each message is given once, and none is missed."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.stomp.feeds.plain_feed import PlainFeed, Seqs
from adapters.stomp.protocol.subscription import AckMode
from application.delivery.pages import Pages, Place
from domain.identifiers import SessionId
from domain.message import Message
from tests.support.examples import more_examples
from tests.support.memory.feeds import MAX_UNACKED, MAX_UNSENT, SESSIONS, Bench, _message

MODES: tuple[AckMode, ...] = ("auto", "client", "client-individual")
NUMBER = st.integers(0, 50)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), NUMBER),
        st.tuples(st.just("commit and push"), NUMBER),
        st.tuples(st.just("burst"), st.integers(1, 12)),
        st.tuples(st.just("push"), NUMBER),
        st.tuples(st.just("ack"), NUMBER),
        st.tuples(st.just("nack"), NUMBER),
        st.tuples(st.just("read"), NUMBER),
        st.tuples(st.just("overrun"), NUMBER),
        st.tuples(st.just("wait"), st.integers(1, 6)),
    ),
    max_size=60,
)


async def go(bench: Bench, steps: list[tuple[str, int]], *, topic: bool) -> None:
    for step, number in steps:
        if step == "burst":
            await go(bench, [("commit and push", number + one) for one in range(number)], topic=topic)
        if step.startswith("commit"):
            if topic:
                bench.commit_to_topic()
            else:
                bench.commit(SESSIONS[number % len(SESSIONS)])
        if step.endswith("push") and bench.stored:
            bench.push(-1 if step.startswith("commit") else number % len(bench.stored))
        elif step in ("ack", "nack"):
            bench.answer(number, refused=step == "nack")
        elif step == "read":
            bench.socket.read()
        elif step == "overrun" and bench.stored:
            bench.feed.overrun([bench.stored[number % len(bench.stored)]])
        elif step == "wait":
            for _ in range(number):
                await asyncio.sleep(0)
        assert bench.queue.unsent < MAX_UNSENT


@more_examples(1.5)
@given(st.sampled_from(MODES), st.integers(0, 8), st.integers(0, 8), STEPS)
def test_a_topic_comes_once_and_in_order(mode: AckMode, after: int, before: int, steps: list[tuple[str, int]]) -> None:
    async def run() -> None:
        bench = Bench(mode)
        for _ in range(before):
            bench.commit_to_topic()
        start = min(after, before)
        bench.ordered(start, before)
        await go(bench, steps, topic=True)
        if bench.stored:
            bench.push(-1)
        wanted = [(SESSIONS[0], seq) for seq in range(start + 1, len(bench.stored) + 1)]
        await bench.settle(lambda: len(bench.socket.messages) >= len(wanted))
        await bench.stop()
        assert bench.socket.messages == wanted
        assert bench.failures == []

    asyncio.run(run())


@more_examples(1.5)
@given(st.sampled_from(MODES), NUMBER, STEPS, st.randoms(use_true_random=False))
def test_undelivered_messages_come_once(mode: AckMode, before: int, steps: list[tuple[str, int]], random) -> None:  # type: ignore[no-untyped-def]
    async def run() -> None:
        bench = Bench(mode)
        for number in range(before % 12):
            bench.commit(SESSIONS[number % len(SESSIONS)])
        bench.undelivered(replay=True)
        await go(bench, steps, topic=False)
        last = list(range(len(bench.stored)))
        random.shuffle(last)
        for index in last:
            bench.push(index)
        await bench.settle()
        await bench.stop()
        assert bench.failures == []
        wanted = Counter((one.message.session_id, one.message.seq) for one in bench.stored if one.message)
        assert Counter(bench.socket.messages) == wanted

    asyncio.run(run())


@more_examples(1.5)
@given(st.sampled_from(MODES[1:]), NUMBER, STEPS, st.randoms(use_true_random=False))
def test_live_messages_come_once_without_a_replay(
    mode: AckMode,
    before: int,
    steps: list[tuple[str, int]],
    random: Random,
) -> None:
    async def run() -> None:
        bench = Bench(mode)
        for number in range(before % 12):
            bench.commit(SESSIONS[number % len(SESSIONS)])
        old = len(bench.stored)
        bench.undelivered(replay=False)
        await go(bench, [step for step in steps if step[0] not in ("push", "overrun")], topic=False)
        last = list(range(old, len(bench.stored)))
        random.shuffle(last)
        for index in last:
            bench.push(index)
        await bench.settle()
        await bench.stop()
        assert bench.failures == []
        wanted = Counter((one.message.session_id, one.message.seq) for one in bench.stored[old:] if one.message)
        assert Counter(bench.socket.messages) == wanted

    asyncio.run(run())


def plain(bench: Bench) -> None:
    async def read_missed(session_id: SessionId, seqs: Seqs) -> Pages:
        async def fetch(last: Place | None, limit: int) -> Sequence[Message]:
            first = seqs.first - 1 if last is None else last.seq
            wanted = [one for one in messages_of(bench, session_id) if first < one.seq <= seqs.last]
            bench.pages_read += 1
            await asyncio.sleep(0)
            return wanted[:limit]

        return bench._pages(fetch)

    bench.feed = PlainFeed(bench.subscription, bench.queue, bench.line, read_missed)


def messages_of(bench: Bench, session_id: SessionId) -> list[Message]:
    keys = [one.message for one in bench.stored if one.message is not None and one.message.session_id == session_id]
    return [_message(key) for key in keys]


@more_examples(1.5)
@given(NUMBER, STEPS)
def test_a_plain_subscription_gets_each_message_once_and_in_order(before: int, steps: list[tuple[str, int]]) -> None:
    """Nothing that was stored before, and nothing twice, as long as nothing overtakes."""

    async def run() -> None:
        bench = Bench("auto")
        for number in range(before % 12):
            bench.commit(SESSIONS[number % len(SESSIONS)])
        old = len(bench.stored)
        plain(bench)
        lived = [("commit and push" if step == "commit" else step, number) for step, number in steps]
        await go(bench, [one for one in lived if one[0] not in ("push", "overrun", "ack", "nack")], topic=False)
        new = bench.stored[old:]
        await bench.settle(lambda: len(bench.socket.messages) >= len(new))
        await bench.stop()
        for session in SESSIONS:
            wanted = [one.message.seq for one in new if one.message and one.message.session_id == session]
            assert [seq for of, seq in bench.socket.messages if of == session] == wanted
        assert bench.failures == []

    asyncio.run(run())


async def test_dropped_deliveries_of_a_plain_subscription_come_from_the_store() -> None:
    bench = Bench("auto")
    plain(bench)
    for _ in range(10):
        bench.commit(SESSIONS[0])
    bench.feed.overrun(bench.stored[2:7])
    await bench.settle(lambda: len(bench.socket.messages) == 5)
    await bench.stop()
    assert [seq for _, seq in bench.socket.messages] == [3, 4, 5, 6, 7]


@pytest.mark.parametrize("mode", MODES[1:])
async def test_unacked_messages_are_limited(mode: AckMode) -> None:
    bench = Bench(mode)
    bench.undelivered(replay=True)
    for _ in range(10):
        bench.commit(SESSIONS[0])
        bench.push(-1)
    bench.socket.read_all()
    for _ in range(100):
        await asyncio.sleep(0)
    assert [seq for _, seq in bench.socket.messages] == list(range(1, MAX_UNACKED + 1))
    await bench.settle(lambda: len(bench.socket.messages) == 10)
    await bench.stop()
    assert [seq for _, seq in bench.socket.messages] == list(range(1, 11))


async def test_a_queued_message_is_not_read_from_the_store_too() -> None:
    bench = Bench("auto")
    bench.undelivered(replay=True)
    for _ in range(5):
        await asyncio.sleep(0)
    for _ in range(20):
        bench.commit(SESSIONS[0])
        bench.push(-1)
    bench.push(0)
    for _ in range(20):  # time to read the store, while the client takes nothing
        await asyncio.sleep(0)
    await bench.settle()
    await bench.stop()
    assert [seq for _, seq in bench.socket.messages] == list(range(1, 21))
