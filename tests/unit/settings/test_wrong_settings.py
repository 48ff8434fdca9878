"""What is malformed or contradicts itself stops the start, in one line that never shows what was given."""

from pathlib import Path

import pytest

from entrypoints.credentials.key_files import private_key, public_key
from entrypoints.settings.bounds import LEAST_DURATION, MAY_BE_ZERO
from entrypoints.settings.load import load_settings
from entrypoints.settings.model import Settings, SettingsError, setting_name
from entrypoints.settings.types import Duration

SECRETS = (
    "postgresql://u:SECRETPW@h/d",
    "SECRETKEY123",
    "-----BEGIN PRIVATE KEY-----\nSECRET\nSECRET\n",
    "SECRET" * 999,
)
DURATIONS = [one for one in Settings.__struct_fields__ if isinstance(getattr(Settings(), one), Duration)]


def refusal(**given: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings({"CHAT_PROFILE": "test"} | {setting_name(name): value for name, value in given.items()})
    return str(refused.value)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("field", ["database_url_file", "broker_key_file", "config_file"])
def test_a_secret_in_the_place_of_a_file_name_is_not_shown(field: str, secret: str) -> None:
    told = refusal(**{field: secret})
    assert told.startswith(f"{setting_name(field)}: ")
    assert "SECRET" not in told
    assert "\n" not in told


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("load", [private_key, public_key])
def test_a_key_in_the_place_of_its_file_name_is_not_shown(load: object, secret: str) -> None:
    assert callable(load)
    with pytest.raises(SettingsError) as refused:
        load("service_private_key_file", Path(secret))
    told = str(refused.value)
    assert told.startswith("CHAT_SERVICE_PRIVATE_KEY_FILE: ")
    assert "SECRET" not in told
    assert "\n" not in told


@pytest.mark.parametrize("field", DURATIONS)
def test_a_duration_is_0_only_where_that_means_something(field: str) -> None:
    assert refusal(**{field: "1ms"}).startswith(f"{setting_name(field)}: ")
    if field in MAY_BE_ZERO:
        settings = load_settings({"CHAT_PROFILE": "test", setting_name(field): "0"})
        assert getattr(settings, field) == 0
    else:
        assert str(Duration(LEAST_DURATION)) in refusal(**{field: "0"})


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"broker_key": " , "}, "CHAT_BROKER_KEY"),
        ({"broker_mirror_topics": "true"}, "CHAT_BROKER_MIRROR_TOPICS"),
        ({"broker_accept_unsigned": "true"}, "CHAT_BROKER_ACCEPT_UNSIGNED"),
        ({"max_frame_bytes": "2000", "max_message_bytes": "1000"}, "CHAT_MAX_FRAME_BYTES"),
        ({"database_url": "memory:", "database_url_file": "/tmp/url"}, "CHAT_DATABASE_URL"),
        ({"jwt_issuer": "one\ntwo"}, "CHAT_JWT_ISSUER"),
        ({"service_name": "one\rtwo"}, "CHAT_SERVICE_NAME"),
        ({"allowed_origins": "https://*.org"}, "CHAT_ALLOWED_ORIGINS"),
        ({"allowed_origins": "https://stra\u00dfe.de"}, "CHAT_ALLOWED_ORIGINS"),
    ],
)
def test_contradicting_settings_are_named(given: dict[str, str], name: str) -> None:
    assert refusal(**given).startswith(f"{name}: ")


@pytest.mark.parametrize("content", ["", " \n", "one\ntwo"])
def test_a_file_has_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "key").write_text(content)
    assert refusal(broker_key_file=str(tmp_path / "key")).startswith("CHAT_BROKER_KEY")


@pytest.mark.parametrize("line", ['broker_key = ["A", "B"]', "broker_key = 5", 'database_url = ["x"]'])
def test_a_secret_in_the_file_is_a_text(tmp_path: Path, line: str) -> None:
    (tmp_path / "chat.toml").write_text(line)
    assert refusal(config_file=str(tmp_path / "chat.toml")).endswith("a text is expected")
