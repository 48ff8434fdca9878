"""The key of digests and tokens, and the warning when everybody knows it."""

import msgspec
import pytest

from entrypoints.credentials.digest_keys import digest_keys, warn_if_guessable
from entrypoints.settings.model import Settings
from entrypoints.settings.types import Secret

OPEN, CLOSED = "postgresql://chat@db/chat", "postgresql://chat:secret@db/chat"


def settings(profile: str, url: str, key: str) -> Settings:
    return msgspec.structs.replace(Settings(database_url=Secret(url), digest_key=Secret(key)), profile=profile)


@pytest.mark.parametrize(
    ("profile", "url", "key", "is_told"),
    [
        ("prod", OPEN, "", True),
        ("prod", OPEN, "a key", False),
        ("prod", CLOSED, "", False),
        ("dev", OPEN, "", False),
    ],
)
def test_prod_warns_when_everybody_knows_the_key(
    profile: str, url: str, key: str, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    warn_if_guessable(settings(profile, url, key))
    assert ("CHAT_DIGEST_KEY is not set" in caplog.text) == is_told


def test_the_key_that_is_set_counts_and_then_the_password() -> None:
    assert digest_keys(settings("prod", CLOSED, " one , two")) == [b"one", b"two"]
    assert digest_keys(settings("prod", CLOSED, "")) == [b"chat-service:secret"]
