"""Failures about some people do not open the circuit: a witness, who was found before, is asked for first."""

import asyncio
from urllib.parse import unquote

import pytest
from aiohttp import web

from adapters.flairbit.circuit import CircuitBreakingLookup
from adapters.memory.clock import ManualClock
from domain.errors import Unavailable
from domain.identifiers import Email
from tests.integration.identity.flairbit.circuit_state import ANN, WELL, state
from tests.support.network.http_server import Behaviour, HttpServer, answers
from tests.support.people import FRIENDS


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
        assert state(circuit) == "closed"
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
    assert state(circuit) == "closed"
