"""File descriptors are shared out before they run out."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from entrypoints.server.descriptors import (
    DescriptorWatch,
    accepted_at_once,
    file_limit,
    log_fewer_connections,
    within_limit,
)
from entrypoints.settings.load import load_settings
from tests.support.eventually import eventually


def test_enough_files_leave_the_settings_alone(caplog: pytest.LogCaptureFixture) -> None:
    settings = load_settings({"CHAT_PROFILE": "test"})
    fitted = within_limit(settings, 1_000_000)
    log_fewer_connections(settings, fitted)
    assert fitted == settings
    assert accepted_at_once(settings, 1_000_000, 54_096) == 54_096
    assert not caplog.messages


@pytest.mark.parametrize("limit", [80, 128, 256, 1_024, 20_000])
def test_clients_never_need_more_files_than_there_are(limit: int, caplog: pytest.LogCaptureFixture) -> None:
    wished = load_settings({"CHAT_PROFILE": "test", "CHAT_MAX_CONNECTIONS": "60000"})
    settings = within_limit(wished, limit)
    log_fewer_connections(wished, settings)
    accepted = accepted_at_once(settings, limit, 54_096)
    assert settings.max_connections >= 1
    assert accepted >= 1
    assert settings.max_unauthenticated >= 1
    assert settings.max_connections + settings.max_unauthenticated + accepted + settings.database_pool_size < max(
        limit, 80
    )
    assert len(caplog.messages) == 1
    assert "CHAT_MAX_CONNECTIONS" in caplog.text


def test_with_many_files_nearly_all_are_for_clients_of_websockets() -> None:
    wished = load_settings({"CHAT_PROFILE": "test", "CHAT_MAX_CONNECTIONS": "60000"})
    settings = within_limit(wished, 20_000)
    assert settings.max_connections + settings.max_unauthenticated > 17_500


def test_without_a_limit_there_is_room_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    settings = load_settings({"CHAT_PROFILE": "test"})
    assert within_limit(settings, file_limit()) == settings


@contextmanager
def no_files_left() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    in_use = max(map(int, os.listdir("/proc/self/fd"))) + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (in_use, hard))
    taken = []
    try:
        while True:
            taken.append(os.dup(0))
    except OSError:
        yield
    finally:
        for one in taken:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_it_is_logged_that_no_descriptor_is_left(caplog: pytest.LogCaptureFixture) -> None:
    watch = DescriptorWatch()
    with no_files_left():
        watch.start()
        await eventually(lambda: "file descriptors: none is left for this process" in caplog.text)
    await watch.stop()
