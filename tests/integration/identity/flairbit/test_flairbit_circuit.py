"""The circuit around FlairBit, over real HTTP, with time in the test's hand."""

import asyncio
from datetime import datetime

import pytest

from adapters.flairbit.circuit import CircuitBreakingLookup
from adapters.flairbit.client import MAX_ANSWER_BYTES, FlairBitProfileLookup
from adapters.flairbit.concurrency_limit import ConcurrencyLimitedLookup
from adapters.memory.clock import ManualClock
from domain.errors import ChatError, ProfileNotFound, Unavailable
from domain.identifiers import Email
from domain.profile import Profile
from tests.integration.identity.flairbit.circuit_state import ANN, BODY, WELL, fails, opened, state
from tests.support.eventually import eventually
from tests.support.network.http_server import Behaviour, HttpServer, answers, cuts_in_the_middle, sends
from tests.support.people import FRIENDS


async def test_it_opens_after_failures_in_a_row_and_says_for_how_long(
    server: HttpServer, circuit: CircuitBreakingLookup, clock: ManualClock
) -> None:
    server.will(answers(500))
    await fails(circuit, 2)
    assert state(circuit) == "closed"
    assert (await fails(circuit)).retry_after == 30
    assert state(circuit) == "open"
    clock.advance(20.5)
    assert (await fails(circuit, 100)).retry_after == 10
    assert server.asked == 3


@pytest.mark.parametrize(
    "behaviour",
    [
        answers(400),
        answers(401),
        answers(403),
        answers(422),
        answers(302),
        answers(200, b"<html>"),
        answers(200, BODY.replace(b'"Ann"', b"7")),
        answers(200, BODY.replace(b"}", b', "email": "eve@example.org"}')),
        answers(200, BODY + b" " * MAX_ANSWER_BYTES),
        sends(b"GARBAGE\r\n\r\n"),
    ],
    ids=["400", "401", "403", "422", "302", "html", "odd name", "somebody else", "too long", "not HTTP"],
)
async def test_failures_that_a_user_can_provoke_do_not_open_the_circuit(
    server: HttpServer, circuit: CircuitBreakingLookup, behaviour: Behaviour
) -> None:
    server.will(behaviour)
    for number in range(20):
        with pytest.raises(ChatError):
            await circuit.find(Email(f"{number}@example.org"), FRIENDS)
    assert state(circuit) == "closed"
    server.will(WELL)
    await circuit.find(ANN, FRIENDS)


async def test_why_it_opens_is_logged(
    server: HttpServer, circuit: CircuitBreakingLookup, caplog: pytest.LogCaptureFixture
) -> None:
    await opened(circuit, server)
    (line,) = [record.message for record in caplog.records if "is not asked" in record.message]
    assert line == "FlairBit is not asked for 30 s: FlairBit does not answer"


async def test_slowness_is_a_failure(server: HttpServer, clock: ManualClock) -> None:
    client = FlairBitProfileLookup(server.url, lambda: "", timeout=0.05, try_timeout=1, tries=1)
    circuit = CircuitBreakingLookup(client, clock, fail_max=2, open_for=30)
    server.will(server.waits(WELL))
    await fails(circuit, 2)
    assert state(circuit) == "open"
    await client.close()


async def test_not_found_is_an_answer_that_ends_a_row_of_failures(
    server: HttpServer, circuit: CircuitBreakingLookup
) -> None:
    for _ in range(3):
        server.will(answers(500))
        await fails(circuit, 2)
        server.will(answers(404))
        with pytest.raises(ProfileNotFound):
            await circuit.find(ANN, FRIENDS)
    assert state(circuit) == "closed"


@pytest.mark.parametrize("answer", [WELL, answers(404), answers(400)], ids=["somebody", "nobody", "refused"])
async def test_a_half_open_circuit_lets_one_call_through(
    server: HttpServer, circuit: CircuitBreakingLookup, clock: ManualClock, answer: object
) -> None:
    await opened(circuit, server)
    clock.advance(30)
    assert state(circuit) == "half-open"
    assert callable(answer)
    server.will(server.waits(answer))
    calls = [asyncio.create_task(circuit.find(ANN, FRIENDS)) for _ in range(20)]
    await eventually(lambda: server.asked == 4 and sum(call.done() for call in calls) == 19)
    assert state(circuit) == "half-open"
    server.gate.set()
    outcomes: list[Profile | BaseException] = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(outcome, Unavailable) for outcome in outcomes) == 19
    assert server.asked == 4
    assert state(circuit) == "closed"


async def test_it_stays_open_while_that_call_fails(
    server: HttpServer, circuit: CircuitBreakingLookup, clock: ManualClock
) -> None:
    await opened(circuit, server)
    for asked in (4, 5):
        clock.advance(30)
        assert (await fails(circuit, 5)).retry_after == 30
        assert state(circuit) == "open"
        assert server.asked == asked


@pytest.mark.parametrize("failure", [answers(503), cuts_in_the_middle], ids=["503", "cut"])
async def test_the_probe_of_a_half_open_circuit_is_one_request(
    server: HttpServer, clock: ManualClock, failure: Behaviour
) -> None:
    client = FlairBitProfileLookup(server.url, lambda: "", timeout=10, try_timeout=10, tries=3, backoff=0.001)
    circuit = CircuitBreakingLookup(client, clock, fail_max=2, open_for=30)
    server.will(failure)
    await fails(circuit, 2)
    assert server.asked == 6
    clock.advance(30)
    await fails(circuit, 5)
    assert server.asked == 7
    clock.advance(30)
    server.will(WELL)
    await circuit.find(ANN, FRIENDS)
    server.will(failure, failure, WELL)
    await circuit.find(ANN, FRIENDS)
    assert server.asked == 8 + 3
    await client.close()


async def test_a_call_that_was_to_see_and_left_is_followed_by_another(
    server: HttpServer, circuit: CircuitBreakingLookup, clock: ManualClock
) -> None:
    await opened(circuit, server)
    clock.advance(30)
    server.will(server.waits(WELL), WELL)
    seeing = asyncio.create_task(circuit.find(ANN, FRIENDS))
    await eventually(lambda: server.asked == 4)
    seeing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await seeing
    assert state(circuit) == "half-open"
    await circuit.find(ANN, FRIENDS)
    assert state(circuit) == "closed"


async def test_calls_from_before_it_opened_do_not_keep_it_open_for_longer(
    server: HttpServer, circuit: CircuitBreakingLookup, clock: ManualClock
) -> None:
    server.will(server.waits(answers(500)), answers(500))
    late = asyncio.create_task(circuit.find(ANN, FRIENDS))
    await eventually(lambda: server.asked == 1)
    await fails(circuit, 3)
    clock.advance(29)
    server.gate.set()
    with pytest.raises(Unavailable) as caught:
        await late
    assert caught.value.retry_after == 1
    clock.advance(1)
    assert state(circuit) == "half-open"


async def test_a_clock_set_back_does_not_keep_it_open(
    server: HttpServer, circuit: CircuitBreakingLookup, clock: ManualClock
) -> None:
    await opened(circuit, server)
    clock.advance(-3600)
    server.will(WELL)
    await circuit.find(ANN, FRIENDS)
    assert state(circuit) == "closed"


async def test_the_library_never_looks_at_its_own_clock(
    server: HttpServer, circuit: CircuitBreakingLookup, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forbidden(datetime):
        @classmethod
        def utcnow(cls) -> "Forbidden":
            raise AssertionError("deprecated since Python 3.12")

        @classmethod
        def now(cls, tz: object = None) -> "Forbidden":
            raise AssertionError("local time")

    for module in ("circuitbreaker", "state"):
        monkeypatch.setattr(f"aiobreaker.{module}.datetime", Forbidden)
    await opened(circuit, server)
    await fails(circuit)
    clock.advance(30)
    await fails(circuit)
    clock.advance(30)
    server.will(WELL)
    await circuit.find(ANN, FRIENDS)
    assert state(circuit) == "closed"


async def test_waiting_for_a_turn_is_no_failure_of_flairbit(server: HttpServer, circuit: CircuitBreakingLookup) -> None:
    turns = ConcurrencyLimitedLookup(circuit, max_at_once=2, patience=0.05)
    server.will(server.waits(WELL))
    under_way = [asyncio.create_task(turns.find(Email(f"{name}@example.org"), FRIENDS)) for name in "ab"]
    await eventually(lambda: server.asked == 2)
    waiting = [turns.find(Email(f"{number}@example.org"), FRIENDS) for number in range(20)]
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert (circuit.state, server.asked) == ("closed", 2)
    server.gate.set()
    await asyncio.gather(*under_way)
    await turns.find(ANN, FRIENDS)
