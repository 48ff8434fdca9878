"""The turns of the connections: other work gets its turn, however many messages wait."""

import asyncio
from itertools import pairwise

from adapters.stomp.turns import GAP_SECONDS, TURN_SECONDS, Turns

STEP = GAP_SECONDS / 2
"""How long the handling of a message takes."""
A_TURN = round(TURN_SECONDS / STEP)
"""Messages of one turn."""
MESSAGES = 30 * A_TURN


class Clock:
    """Moves on when a message is handled."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Flood:
    """A connection that always has another message."""

    def __init__(self, turns: Turns, clock: Clock, handled: list[str], name: str) -> None:
        self.turns, self.clock, self.handled, self.name = turns, clock, handled, name

    def run(self) -> None:
        while len(self.handled) < MESSAGES:
            if self.turns.is_over():
                self.turns.wait(self.run)
                return
            self.handled.append(self.name)
            self.clock.now += STEP


async def test_a_flood_of_many_connections_leaves_the_loop_its_turns() -> None:
    clock, handled = Clock(), list[str]()
    turns = Turns(clock)
    floods = [Flood(turns, clock, handled, str(number)) for number in range(10)]
    for flood in floods:
        flood.run()
    counts = [len(handled)]
    for _ in range(MESSAGES // A_TURN):
        await asyncio.sleep(0)  # what another task does between two turns
        counts.append(len(handled))
    assert max(after - before for before, after in pairwise(counts)) <= A_TURN + 1


async def test_connections_that_wait_take_turns() -> None:
    clock, handled = Clock(), list[str]()
    turns = Turns(clock)
    for number in range(10):
        Flood(turns, clock, handled, str(number)).run()
    for _ in range(MESSAGES // A_TURN):
        await asyncio.sleep(0)
    shares = [handled.count(str(number)) for number in range(10)]
    assert max(shares) - min(shares) <= 2 * A_TURN, "the first had one turn more, and the last has one less"


async def test_who_comes_later_waits_behind_those_who_wait() -> None:
    clock, order = Clock(), list[str]()
    turns = Turns(clock)
    turns.wait(lambda: order.append("first"))
    assert turns.is_over(), "somebody waits"
    turns.wait(lambda: order.append("second"))
    await asyncio.sleep(0)
    assert order == ["first", "second"]
    assert not turns.is_over()


async def test_a_turn_begins_anew_after_a_gap() -> None:
    clock = Clock()
    turns = Turns(clock)
    for _ in range(100):
        assert not turns.is_over()
        clock.now += 2 * GAP_SECONDS


async def test_a_connection_that_fails_keeps_no_other_waiting() -> None:
    failures, handled = list[object](), list[str]()
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: failures.append(context["exception"]))
    turns, failure = Turns(Clock()), RuntimeError("a connection failed")

    def fail() -> None:
        raise failure

    turns.wait(fail)
    turns.wait(lambda: handled.append("next"))
    for _ in range(2):
        await asyncio.sleep(0)
    assert (failures, handled) == ([failure], ["next"])
    assert not turns.is_over()
