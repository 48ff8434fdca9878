"""Many subscribers of one destination: order is kept, and the loop goes on meanwhile."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from uuid import uuid4

import pytest

from adapters.memory.broker import InProcessBroker
from adapters.stomp.fan_out import MAX_WAITING, SLICE
from adapters.stomp.hub import MAX_AT_ONCE, Hub
from application.ports.push import Delivery, MessageKey
from domain.identifiers import Email, MessageId, SessionId
from tests.support.eventually import eventually

BOB = Email("bob@example.org")
QUEUE, OTHER = "user:ann@example.org:/queue/ack", "user:bob@example.org:/queue/ack"


class Recorder:
    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.was_overrun = False
        self.dropped: Sequence[Delivery] = ()

    def deliver(self, delivery: Delivery, head: str) -> None:
        self.bodies.append(delivery.body)

    def overrun(self, dropped: Sequence[Delivery]) -> None:
        self.was_overrun = True
        self.dropped = dropped

    def missed(self) -> None:
        self.was_overrun = True


class Broken(Recorder):
    def deliver(self, delivery: Delivery, head: str) -> None:
        raise RuntimeError("a test")


def subscribe(hub: Hub, count: int, destination: str = QUEUE) -> list[Recorder]:
    recorders = [Recorder() for _ in range(count)]
    for recorder in recorders:
        hub.add(destination, recorder)
    return recorders


def push(hub: Hub, *bodies: str, destination: str = QUEUE) -> None:
    hub.push([Delivery(destination, body) for body in bodies])


async def turns(count: int) -> None:
    """Of the event loop."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_few_subscribers_get_a_delivery_within_the_push() -> None:
    hub = Hub(InProcessBroker())
    recorders = subscribe(hub, MAX_AT_ONCE)
    push(hub, "1", "2")
    assert all(recorder.bodies == ["1", "2"] for recorder in recorders)


async def test_no_turn_of_the_loop_serves_more_than_a_slice() -> None:
    hub = Hub(InProcessBroker())
    recorders = subscribe(hub, 3 * SLICE)
    push(hub, "1", "2")
    served = [0]
    while served[-1] < 6 * SLICE:
        await asyncio.sleep(0)
        served.append(sum(len(recorder.bodies) for recorder in recorders))
    assert max(after - before for before, after in pairwise(served)) <= SLICE


async def test_a_turn_serves_as_many_deliveries_as_fit_in_a_slice() -> None:
    hub = Hub(InProcessBroker())
    recorders = subscribe(hub, MAX_AT_ONCE + 1)
    others = subscribe(hub, MAX_AT_ONCE + 1, OTHER)
    bodies = [str(number) for number in range(MAX_WAITING)]
    push(hub, *bodies)
    push(hub, *bodies, destination=OTHER)
    await turns(2 * MAX_WAITING * (MAX_AT_ONCE + 1) // SLICE + 10)
    assert all(recorder.bodies == bodies for recorder in (*recorders, *others))


async def test_all_subscribers_get_everything_in_order() -> None:
    hub = Hub(InProcessBroker())
    recorders = subscribe(hub, SLICE + 1)
    push(hub, "1", "2")
    for recorder in recorders[MAX_AT_ONCE // 2 :]:
        hub.remove(QUEUE, recorder)
    push(hub, "3")
    await eventually(lambda: all(one.bodies == ["1", "2", "3"] for one in recorders[: MAX_AT_ONCE // 2]))
    assert all(recorder.bodies == [] for recorder in recorders[MAX_AT_ONCE // 2 :])


async def test_no_delivery_comes_after_unsubscribe() -> None:
    hub = Hub(InProcessBroker())
    recorders = subscribe(hub, 2 * SLICE)
    push(hub, "1", "2")
    await turns(1)
    for recorder in recorders:
        hub.remove(QUEUE, recorder)
    newcomer = subscribe(hub, 1)[0]
    push(hub, "3")
    await eventually(lambda: newcomer.bodies[-1:] == ["3"])
    assert recorders[-1].bodies == []
    assert recorders[0].bodies == ["1"]


async def test_destinations_take_turns() -> None:
    hub = Hub(InProcessBroker())
    many, others = subscribe(hub, 20 * SLICE), subscribe(hub, MAX_AT_ONCE + 1, OTHER)
    push(hub, "1")
    push(hub, "2", destination=OTHER)
    await turns(3)
    assert all(other.bodies == ["2"] for other in others)
    assert many[-1].bodies == []
    await eventually(lambda: many[-1].bodies == ["1"])


async def test_too_many_deliveries_end_the_connections_and_nothing_is_kept() -> None:
    hub = Hub(InProcessBroker())
    recorders = subscribe(hub, MAX_AT_ONCE + 1)
    push(hub, *map(str, range(MAX_WAITING + 1)))
    await eventually(lambda: all(recorder.was_overrun for recorder in recorders))
    push(hub, "last")
    await eventually(lambda: recorders[0].bodies == ["last"])


def messages(count: int, sessions: int) -> list[Delivery]:
    """Deliveries of `count` messages, of one session after the other in turns."""
    ids = [SessionId(uuid4()) for _ in range(sessions)]
    keys = [MessageKey(MessageId(uuid4()), ids[n % sessions], 1 + n // sessions, BOB) for n in range(count)]
    return [Delivery(QUEUE, str(key.seq), key) for key in keys]


def seqs_by_session(deliveries: Sequence[Delivery]) -> dict[SessionId, list[int]]:
    seqs: dict[SessionId, list[int]] = defaultdict(list)
    for delivery in deliveries:
        assert delivery.message is not None
        seqs[delivery.message.session_id].append(delivery.message.seq)
    return seqs


async def test_each_subscriber_is_told_the_ends_of_what_was_dropped_and_the_loop_goes_on() -> None:
    hub = Hub(InProcessBroker())
    recorders = subscribe(hub, 2 * SLICE)
    dropped = messages(MAX_WAITING + 1, sessions=10)
    hub.push(dropped)
    told = [0]
    while told[-1] < 2 * SLICE:
        await asyncio.sleep(0)
        told.append(sum(recorder.was_overrun for recorder in recorders))
    assert max(after - before for before, after in pairwise(told)) <= SLICE // 20
    ends = {session: [min(seqs), max(seqs)] for session, seqs in seqs_by_session(dropped).items()}
    assert all(seqs_by_session(recorder.dropped) == ends for recorder in (recorders[0], recorders[-1]))


async def test_deliveries_without_a_message_are_dropped_as_one() -> None:
    hub = Hub(InProcessBroker())
    recorders = subscribe(hub, MAX_AT_ONCE + 1)
    push(hub, *map(str, range(2 * MAX_WAITING + 2)))
    await eventually(lambda: all(recorder.was_overrun for recorder in recorders))
    assert len(recorders[-1].dropped) == 1


async def test_a_failure_stops_neither_the_next_deliveries_nor_other_destinations(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hub = Hub(InProcessBroker())
    broken = Broken()
    hub.add(QUEUE, broken)
    recorders, others = subscribe(hub, SLICE), subscribe(hub, SLICE, OTHER)
    push(hub, "1")
    push(hub, "2", destination=OTHER)
    await eventually(lambda: others[-1].bodies == ["2"])
    hub.remove(QUEUE, broken)
    push(hub, "3")
    await eventually(lambda: recorders[-1].bodies == ["3"])
    assert "deliveries were dropped (RuntimeError)" in caplog.text
