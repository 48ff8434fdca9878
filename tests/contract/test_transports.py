"""The transports of every server, against the contract of all."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from tests.contract.suites.served_edges import LocalServer, ServedEdge
from tests.contract.suites.transport_contract import TransportContract

KINDS = ("plain", "websocket", "xhr_streaming", "xhr")
pytestmark = pytest.mark.asyncio(loop_scope="module")  # Granian starts once in a process


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["uvicorn", "granian"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[LocalServer]:
    local = LocalServer(request.param)
    await local.start()
    yield local
    await local.stop()


class TestTransports(TransportContract):
    @pytest_asyncio.fixture(loop_scope="module", params=KINDS)
    async def edge(self, request: pytest.FixtureRequest, server: LocalServer) -> AsyncIterator[ServedEdge]:
        async with aiohttp.ClientSession() as http:
            edge = ServedEdge(server, http, request.param)
            yield edge
            await edge.stop()
