"""One victim a server, for all hostile inputs: what one of them leaves behind, the next one shows."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.hostile.bounds import DIFFERENCES, Bounds
from tests.hostile.victim import Victim
from tests.support.postgres.databases import Databases
from tests.support.service.service_process import ServiceProcess
from tests.support.service.shared_service import shared_service

SERVERS = ("granian", "uvicorn")
LIMITS = {"CHAT_MAX_CONNECTIONS_PER_USER": "100"}
"""As in `prod`, where tokens cannot be made by a command."""


@pytest.fixture(scope="session", params=SERVERS)
def victim(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    """With its store in memory: for inputs that end before the store."""
    settings = {"CHAT_SERVER": request.param, "CHAT_DATABASE_URL": "memory:"} | LIMITS
    service = ServiceProcess(_home(tmp_path_factory), settings)
    asyncio.run(service.start())
    yield Victim(service)
    assert asyncio.run(service.stop()) == 0


@pytest.fixture(scope="session", params=SERVERS)
def victim_on_postgres(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[Victim]:
    with shared_service(_home(tmp_path_factory), databases, CHAT_SERVER=request.param, **LIMITS) as service:
        yield Victim(service)


@pytest.fixture
async def attacked(request: pytest.FixtureRequest, victim: Victim) -> AsyncIterator[Victim]:
    """The victim, watched from the first line of the test to its last."""
    async with victim.watched(_bounds_of(request, victim)):
        yield victim


@pytest.fixture
async def attacked_on_postgres(request: pytest.FixtureRequest, victim_on_postgres: Victim) -> AsyncIterator[Victim]:
    """As `attacked`, with a real store behind it."""
    async with victim_on_postgres.watched(_bounds_of(request, victim_on_postgres)):
        yield victim_on_postgres


def _bounds_of(request: pytest.FixtureRequest, victim: Victim) -> Bounds:
    test: str = request.function.__name__
    return DIFFERENCES.get((victim.service.settings["CHAT_SERVER"], test), Bounds())


def _home(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("hostile")
