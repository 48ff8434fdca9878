"""Real servers for the tests that need them, started once and only then."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import create_engine
from adapters.postgres.schema.migrations import upgrade
from entrypoints.development.embedded_postgres import EmbeddedPostgres
from lab import ports
from tests.support.ordinary_user import ordinary_user as ordinary_user
from tests.support.postgres.databases import Databases
from tests.support.private_directory import private_directory as private_directory
from tests.support.rabbitmq.fixtures import fresh_rabbitmq as fresh_rabbitmq
from tests.support.rabbitmq.fixtures import rabbitmq as rabbitmq
from tests.support.rabbitmq.fixtures import rabbitmq_cluster as rabbitmq_cluster

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

# how long an example takes says something about the machine, and on a fresh one about tables that are made at first use
settings.register_profile("chat", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# of `make test-fast`: a fifth of the examples. `make test` tries all of them
settings.register_profile("quick", settings.get_profile("chat"), max_examples=20, stateful_step_count=20)
settings.load_profile("chat")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", type=float, default=3, help="seconds of each attack on the memory, and of many writers")


def pytest_configure() -> None:
    """Each of the processes that run tests side by side takes ports of its own."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        number = int(worker.removeprefix("gw")) + 1
        os.environ[ports.SHARE] = f"{number}/{os.environ['PYTEST_XDIST_WORKER_COUNT']}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> "LoadScopeScheduling | None":
    """Keeps a file's tests in one process, and in one process all files that need three nodes of RabbitMQ."""
    from tests.support.scheduling import FilesTogether

    return FilesTogether(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A real PostgreSQL; a crash of the machine is not among its tests, so that it need not wait for the disk."""
    directory: Path = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres(directory, {"fsync": "off"})
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def databases(postgres: EmbeddedPostgres) -> Databases:
    return Databases(postgres.url)


@pytest.fixture
async def database_url(databases: Databases) -> AsyncIterator[str]:
    """A migrated database of the test's own."""
    url = await databases.create(upgrade)
    yield url
    await databases.drop(url)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, pool_size=20)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    yield engine
    await engine.dispose()
