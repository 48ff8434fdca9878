"""A service that the tests of a module share: for tests that leave nothing behind for each other."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

from adapters.postgres.schema.migrations import upgrade
from tests.support.postgres.databases import Databases
from tests.support.service.service_process import ServiceProcess


@contextlib.contextmanager
def shared_service(home: Path, databases: Databases, **settings: str) -> Iterator[ServiceProcess]:
    """In a database of its own, until the end; it must stop well and without a traceback in its log."""
    url = asyncio.run(databases.create(upgrade))
    service = ServiceProcess(home, {"CHAT_DATABASE_URL": url} | settings)
    asyncio.run(service.start())
    try:
        yield service
    finally:
        code = asyncio.run(service.stop())
    assert (code, "Traceback" in service.log()) == (0, False)
    asyncio.run(databases.drop(url))
