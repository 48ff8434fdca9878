"""Settings: their sources and order, and one clear line for each that is wrong."""

from pathlib import Path

import pytest

from entrypoints.load_settings import load_settings, require_all, require_database
from entrypoints.setting_types import Duration
from entrypoints.settings import SettingsError

PROD = {
    "CHAT_DATABASE_URL": "postgresql://chat:hidden@db/chat",
    "CHAT_JWT_PUBLIC_KEY_FILE": "users.pem",
    "CHAT_FLAIRBIT_BASE_URL": "https://flairbit",
    "CHAT_SERVICE_PRIVATE_KEY_FILE": "ours.pem",
}


def test_prod_is_the_default_and_is_complete_with_four_settings() -> None:
    settings = require_all(load_settings(PROD))
    assert (settings.profile, settings.host, settings.port) == ("prod", "0.0.0.0", 8080)


@pytest.mark.parametrize("name", PROD)
def test_prod_names_what_is_missing(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        require_all(load_settings({key: value for key, value in PROD.items() if key != name}))


def test_the_schema_needs_the_database_alone() -> None:
    require_database(load_settings({"CHAT_DATABASE_URL": "postgresql://db/chat"}))


def test_environment_beats_file_beats_profile(tmp_path: Path) -> None:
    file = tmp_path / "chat.toml"
    file.write_text('profile = "dev"\nport = 9000\nhost = "::1"\nheartbeat = "500ms"\nmax_batch = 8\n')
    settings = load_settings({"CHAT_CONFIG_FILE": str(file), "CHAT_PORT": "9001"}, max_batch=9, host=None)
    assert (settings.profile, settings.port, settings.host, settings.max_batch) == ("dev", 9001, "::1", 9)
    assert settings.heartbeat == 0.5
    assert settings.migrate_on_start


def test_a_secret_can_be_in_a_file_and_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://chat:hidden@db/chat\n")
    settings = load_settings({"CHAT_DATABASE_URL_FILE": str(tmp_path / "url")})
    assert str(settings.database_url) == "postgresql://chat:hidden@db/chat"
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHAT_PORT", "eighty"),
        ("CHAT_PORT", "70000"),
        ("CHAT_PROFILE", "staging"),
        ("CHAT_HEARTBEAT", "soon"),
        ("CHAT_MIGRATE_ON_START", "perhaps"),
        ("CHAT_DATABASE_URL", "mysql://hidden@db"),
        ("CHAT_BROKER_URL", "amqp://one,http://two"),
        ("CHAT_JWT_JWKS_URL", "file:///keys"),
        ("CHAT_TRUSTED_SERVICES", "flairbit"),
        ("CHAT_MAX_BATCH", "0"),
        ("CHAT_DATABASE_URL_FILE", "/nowhere"),
        ("CHAT_CONFIG_FILE", "/nowhere"),
    ],
)
def test_a_malformed_setting_is_named_in_one_line_without_its_secret(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings({name: value})
    told = str(error.value)
    assert told.startswith(name)
    assert "\n" not in told
    assert "hidden" not in told


def test_an_unknown_key_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "chat.toml").write_text("prot = 80\n")
    with pytest.raises(SettingsError, match="prot"):
        load_settings({"CHAT_CONFIG_FILE": str(tmp_path / "chat.toml")})


@pytest.mark.parametrize(
    ("text", "seconds"), [("250ms", 0.25), ("10s", 10), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("3", 3)]
)
def test_durations(text: str, seconds: float) -> None:
    assert Duration.parse(text) == seconds


def test_a_duration_shows_itself_in_its_largest_whole_unit() -> None:
    shown = [str(Duration(seconds)) for seconds in (0, 0.5, 10, 900, 86_400, 604_800)]
    assert shown == ["0s", "500ms", "10s", "15m", "24h", "7d"]
