from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.service.service_process import ServiceProcess


@pytest.fixture(params=["granian", "uvicorn"])
async def service(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> AsyncIterator[ServiceProcess]:
    service = ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url, "CHAT_SERVER": request.param})
    yield await service.start()
    await service.stop()
    assert '"level": "error"' not in service.log()
    assert "Traceback" not in service.log()
