"""A service that a test has started does not outlive it, whatever fails."""

from pathlib import Path

import pytest

from tests.support.service.service_process import ServiceProcess

MEMORY = {"CHAT_DATABASE_URL": "memory:"}


async def test_a_test_that_fails_leaves_no_service(tmp_path: Path) -> None:
    service = ServiceProcess(tmp_path, MEMORY)
    with pytest.raises(ZeroDivisionError):
        async with service:
            raise ZeroDivisionError
    assert await service.ended(0) == 0


async def test_a_start_that_is_not_waited_for_leaves_no_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.service.service_process.START_TIMEOUT", 0.05)
    service = ServiceProcess(tmp_path, MEMORY)
    with pytest.raises(TimeoutError):
        await service.start()
    assert await service.ended(0) < 0
