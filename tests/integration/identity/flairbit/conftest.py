"""A circuit around a FlairBit that answers as a test says, with time in the test's hand."""

from collections.abc import AsyncIterator

import pytest

from adapters.flairbit.circuit import CircuitBreakingLookup
from adapters.flairbit.client import FlairBitProfileLookup
from adapters.memory.clock import ManualClock
from tests.support.network.http_server import HttpServer, http_server
from tests.support.people import NOW


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
