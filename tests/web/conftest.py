"""A service with the page, and a browser to look at it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.support.clients.browser import Window, launched, window
from tests.support.service.service_process import ServiceProcess


@pytest.fixture
async def service(tmp_path: Path, database_url: str) -> AsyncIterator[ServiceProcess]:
    service = ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url})
    yield await service.start()
    await service.stop()
    assert "Traceback" not in service.log()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@pytest.fixture
async def desk(browser: Browser) -> AsyncIterator[Window]:
    """A window with room for two people."""
    async with window(browser, viewport={"width": 1400, "height": 850}) as desk:
        yield desk
        assert desk.problems == []
