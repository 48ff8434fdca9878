"""The circuit around FlairBit, over real HTTP, with time in the test's hand."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from urllib.parse import unquote

import pytest
from aiohttp import web

from adapters.flairbit.circuit import CircuitBreakingLookup
from adapters.flairbit.client import MAX_ANSWER_BYTES, FlairBitProfileLookup
from adapters.flairbit.turns import TurnTakingLookup
from adapters.memory.clock import ManualClock
from domain.errors import ChatError, ProfileNotFound, Unavailable
from domain.identifiers import Email
from domain.profile import Profile
from tests.support.eventually import eventually
from tests.support.network.http_server import Behaviour, HttpServer, answers, cuts_in_the_middle, http_server, sends
from tests.support.people import FRIENDS, NOW

ANN = Email("ann@example.org")
BODY = b'{"id": "00000000-0000-0000-0000-000000000007", "displayName": "Ann"}'
WELL = answers(200, BODY)


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with http_server() as server:
        yield server


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def circuit(server: HttpServer, clock: ManualClock) -> AsyncIterator[CircuitBreakingLookup]:
    client = FlairBitProfileLookup(server.url, lambda: "", timeout=10, try_timeout=10, tries=1)
    yield CircuitBreakingLookup(client, clock, fail_max=3, open_for=30)
    await client.close()


async def fails(circuit: CircuitBreakingLookup, times: int = 1) -> Unavailable:
    for _ in range(times):
        with pytest.raises(Unavailable) as caught:
            await circuit.find(ANN, FRIENDS)
    return caught.value


async def opened(circuit: CircuitBreakingLookup, server: HttpServer) -> None:
    server.will(answers(500))
    assert (await fails(circuit, 3)).retry_after == 30
    assert circuit.state == "open"


async def test_it_opens_after_failures_in_a_row_and_says_for_how_long(
    server: HttpServer, circuit: CircuitBreakingLookup, clock: ManualClock
) -> None:
    server.will(answers(500))
    await fails(circuit, 2)
    assert circuit.state == "closed"
    assert (await fails(circuit)).retry_after == 30
    assert circuit.state == "open"
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
async def test_what_a_user_can_provoke_opens_nothing(
    server: HttpServer, circuit: CircuitBreakingLookup, behaviour: Behaviour
) -> None:
    server.will(behaviour)
    for number in range(20):
        with pytest.raises(ChatError):
            await circuit.find(Email(f"{number}@example.org"), FRIENDS)
    assert circuit.state == "closed"
    server.will(WELL)
    await circuit.find(ANN, FRIENDS)


async def test_why_it_opens_is_logged(
    server: HttpServer, circuit: CircuitBreakingLookup, caplog: pytest.LogCaptureFixture
) -> None:
    await opened(circuit, server)
    (line,) = [record.message for record in caplog.records if "left alone" in record.message]
    assert line == "FlairBit is left alone for 30 s: FlairBit does not answer"


async def test_slowness_is_a_failure(server: HttpServer, clock: ManualClock) -> None:
    client = FlairBitProfileLookup(server.url, lambda: "", timeout=0.05, tries=1)
    circuit = CircuitBreakingLookup(client, clock, fail_max=2)
    server.will(server.waits(WELL))
    await fails(circuit, 2)
    assert circuit.state == "open"
    await client.close()


async def test_nobody_is_an_answer_that_ends_the_row(server: HttpServer, circuit: CircuitBreakingLookup) -> None:
    for _ in range(3):
        server.will(answers(500))
        await fails(circuit, 2)
        server.will(answers(404))
        with pytest.raises(ProfileNotFound):
            await circuit.find(ANN, FRIENDS)
    assert circuit.state == "closed"


@pytest.mark.parametrize("answer", [WELL, answers(404), answers(400)], ids=["somebody", "nobody", "refused"])
async def test_one_call_sees_whether_it_is_back_while_the_others_are_refused(
    server: HttpServer, circuit: CircuitBreakingLookup, clock: ManualClock, answer: object
) -> None:
    await opened(circuit, server)
    clock.advance(30)
    assert circuit.state == "half-open"
    assert callable(answer)
    server.will(server.waits(answer))
    calls = [asyncio.create_task(circuit.find(ANN, FRIENDS)) for _ in range(20)]
    await eventually(lambda: server.asked == 4 and sum(call.done() for call in calls) == 19)
    assert circuit.state == "half-open"
    server.gate.set()
    outcomes: list[Profile | BaseException] = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(outcome, Unavailable) for outcome in outcomes) == 19
    assert server.asked == 4
    assert circuit.state == "closed"


async def test_it_stays_open_while_that_call_fails(
    server: HttpServer, circuit: CircuitBreakingLookup, clock: ManualClock
) -> None:
    await opened(circuit, server)
    for asked in (4, 5):
        clock.advance(30)
        assert (await fails(circuit, 5)).retry_after == 30
        assert circuit.state == "open"
        assert server.asked == asked


@pytest.mark.parametrize("failure", [answers(503), cuts_in_the_middle], ids=["503", "cut"])
async def test_that_call_is_one_request_however_often_others_try(
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
    assert circuit.state == "half-open"
    await circuit.find(ANN, FRIENDS)
    assert circuit.state == "closed"


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
    assert circuit.state == "half-open"


async def test_a_clock_set_back_does_not_keep_it_open(
    server: HttpServer, circuit: CircuitBreakingLookup, clock: ManualClock
) -> None:
    await opened(circuit, server)
    clock.advance(-3600)
    server.will(WELL)
    await circuit.find(ANN, FRIENDS)
    assert circuit.state == "closed"


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
    assert circuit.state == "closed"


def fails_for(*emails: str) -> Behaviour:
    """HTTP 500 about these people, a profile about all others."""

    async def behave(request: web.Request) -> web.StreamResponse:
        is_bad = any(email in unquote(request.raw_path) for email in emails)
        return await (answers(500) if is_bad else WELL)(request)

    return behave


async def test_failures_about_some_people_only_open_nothing(server: HttpServer, circuit: CircuitBreakingLookup) -> None:
    bad = [Email(f"bad{number}@example.org") for number in range(20)]
    server.will(fails_for(*bad))
    await circuit.find(ANN, FRIENDS)
    for together in (1, 20):
        calls = [circuit.find(email, FRIENDS) for email in bad[:together] for _ in range(20 // together)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
        assert circuit.state == "closed"
    await circuit.find(Email("innocent@example.org"), FRIENDS)


async def test_it_opens_when_the_witness_is_not_answered_for_and_closes_when_it_is(
    server: HttpServer, circuit: CircuitBreakingLookup, clock: ManualClock
) -> None:
    bad = Email("bad@example.org")
    server.will(WELL)
    await circuit.find(ANN, FRIENDS)
    server.will(answers(500))
    for _ in range(3):
        with pytest.raises(Unavailable):
            await circuit.find(bad, FRIENDS)
    assert (circuit.state, server.asked) == ("open", 1 + 3 + 1)
    clock.advance(30)
    with pytest.raises(Unavailable):
        await circuit.find(bad, FRIENDS)
    assert (circuit.state, server.asked) == ("open", 6)
    clock.advance(30)
    server.will(fails_for(bad))
    with pytest.raises(Unavailable):
        await circuit.find(bad, FRIENDS)
    assert circuit.state == "closed"


async def test_waiting_for_a_turn_is_no_failure_of_flairbit(server: HttpServer, circuit: CircuitBreakingLookup) -> None:
    turns = TurnTakingLookup(circuit, max_at_once=2, patience=0.05)
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
