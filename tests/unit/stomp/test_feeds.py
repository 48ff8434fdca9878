"""Feeds of a slow client: whatever comes in whatever order, each message is given once, and none is missed."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.stomp.protocol.subscription import AckMode
from tests.support.memory.feeds import MAX_UNACKED, MAX_UNSENT, SESSIONS, Bench

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
        elif step == "wait":
            for _ in range(number):
                await asyncio.sleep(0)
        assert bench.queue.unsent < MAX_UNSENT


@settings(max_examples=150, deadline=None)
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


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(MODES), NUMBER, STEPS, st.randoms(use_true_random=False))
def test_what_was_never_delivered_comes_once(mode: AckMode, before: int, steps: list[tuple[str, int]], random) -> None:  # type: ignore[no-untyped-def]
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


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(MODES[1:]), NUMBER, STEPS, st.randoms(use_true_random=False))
def test_without_a_replay_what_comes_live_comes_once(
    mode: AckMode,
    before: int,
    steps: list[tuple[str, int]],
    random,  # type: ignore[no-untyped-def]
) -> None:
    async def run() -> None:
        bench = Bench(mode)
        for number in range(before % 12):
            bench.commit(SESSIONS[number % len(SESSIONS)])
        old = len(bench.stored)
        bench.undelivered(replay=False)
        await go(bench, [step for step in steps if step[0] != "push"], topic=False)
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


@pytest.mark.parametrize("mode", MODES[1:])
async def test_no_more_wait_for_their_ack_than_may(mode: AckMode) -> None:
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


async def test_what_is_still_queued_is_not_read_from_the_store_too() -> None:
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
