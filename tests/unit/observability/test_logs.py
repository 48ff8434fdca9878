"""Logs tell what happened, and nothing that is secret."""

import json
import logging
from collections.abc import Iterator

import pytest

from entrypoints.observability.logs import configure_logs
from entrypoints.settings.load import load_settings


@pytest.fixture(autouse=True)
def _root_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level


def fail(token: str) -> None:
    raise RuntimeError("it failed")


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_no_values(capsys: pytest.CaptureFixture[str], form: str) -> None:
    configure_logs(load_settings({"CHAT_LOG_FORMAT": form}))
    try:
        fail("a-secret-token"[::-1])
    except RuntimeError:
        logging.getLogger("adapters").exception("something failed")
    told = capsys.readouterr().err
    assert "it failed" in told
    assert "test_logs.py" in told
    assert "a-secret-token"[::-1] not in told


def test_json_is_one_line_with_the_bound_values(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(load_settings({}))
    logging.getLogger("adapters").warning("it is %s", "so", extra={"count": 3})
    told = json.loads(capsys.readouterr().err)
    assert {name: told[name] for name in ("message", "level", "logger", "count")} == {
        "message": "it is so",
        "level": "warning",
        "logger": "adapters",
        "count": 3,
    }
