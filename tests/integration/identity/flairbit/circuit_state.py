"""What tests of the circuit around FlairBit ask, and how they tell its state."""

import pytest

from adapters.flairbit.circuit import CircuitBreakingLookup
from domain.errors import Unavailable
from domain.identifiers import Email
from tests.support.network.http_server import HttpServer, answers
from tests.support.people import FRIENDS

ANN = Email("ann@example.org")
BODY = b'{"id": "00000000-0000-0000-0000-000000000007", "displayName": "Ann"}'
WELL = answers(200, BODY)


async def fails(circuit: CircuitBreakingLookup, times: int = 1) -> Unavailable:
    for _ in range(times):
        with pytest.raises(Unavailable) as caught:
            await circuit.find(ANN, FRIENDS)
    return caught.value


async def opened(circuit: CircuitBreakingLookup, server: HttpServer) -> None:
    server.will(answers(500))
    assert (await fails(circuit, 3)).retry_after == 30
    assert state(circuit) == "open"


def state(circuit: CircuitBreakingLookup) -> str:
    return circuit.state
