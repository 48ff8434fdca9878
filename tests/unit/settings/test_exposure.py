"""Whether `dev` says who can reach it."""

import pytest

from entrypoints.development.exposure import warn_if_exposed
from entrypoints.settings.load import load_settings


@pytest.mark.parametrize(
    ("settings", "is_told"),
    [
        ({}, False),
        ({"CHAT_HOST": "localhost"}, False),
        ({"CHAT_HOST": "127.0.0.2"}, False),
        ({"CHAT_HOST": "::1"}, False),
        ({"CHAT_HOST": "0.0.0.0"}, True),
        ({"CHAT_HOST": "::"}, True),
        ({"CHAT_HOST": "192.0.2.1"}, True),
        ({"CHAT_HOST": "chat.example.org"}, True),
        ({"CHAT_HOST": "0.0.0.0", "CHAT_PROFILE": "test"}, False),
    ],
    ids=repr,
)
def test_dev_warns_when_it_does_not_listen_on_loopback(
    settings: dict[str, str], is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    warn_if_exposed(load_settings({"CHAT_PROFILE": "dev"} | settings))
    assert ("gets a token for any user" in caplog.text) == is_told
