"""A service on a PostgreSQL that the test may stop."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from adapters.postgres.schema.migrations import upgrade
from entrypoints.development.embedded_postgres import EmbeddedPostgres
from tests.support.service.service_process import ServiceProcess


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """Durable, as in production."""
    server = EmbeddedPostgres(tmp_path / "postgres")
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def service(own_postgres: EmbeddedPostgres, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    await upgrade(own_postgres.url)
    settings = {"CHAT_DATABASE_URL": own_postgres.url, "CHAT_LOG_LEVEL": "warning"}
    async with ServiceProcess(tmp_path, settings) as service:
        yield service
    assert "Traceback" not in service.log()
