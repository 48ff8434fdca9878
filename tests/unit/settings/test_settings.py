"""Settings: their sources and order, and one clear line for each that is wrong."""

from pathlib import Path

import pytest

from entrypoints.settings.load import load_settings, require_all, require_database
from entrypoints.settings.model import SettingsError
from entrypoints.settings.types import Duration

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
def test_prod_names_missing_settings(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        require_all(load_settings({key: value for key, value in PROD.items() if key != name}))


def test_prod_needs_no_flairbit_with_a_directory_of_claims() -> None:
    needless = ("CHAT_FLAIRBIT_BASE_URL", "CHAT_SERVICE_PRIVATE_KEY_FILE")
    given = {name: value for name, value in PROD.items() if name not in needless}
    settings = require_all(load_settings(given | {"CHAT_DIRECTORY": "claims", "CHAT_DIRECTORY_OPEN": "true"}))
    assert (settings.directory, settings.directory_open) == ("claims", True)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"CHAT_DIRECTORY": "claims", "CHAT_FLAIRBIT_BASE_URL": "http://flairbit"}, "CHAT_FLAIRBIT_BASE_URL"),
        ({"CHAT_DIRECTORY_OPEN": "true"}, "CHAT_DIRECTORY_OPEN"),
        ({"CHAT_DIRECTORY": "ldap"}, "CHAT_DIRECTORY"),
    ],
)
def test_there_is_one_directory(given: dict[str, str], name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: "):
        load_settings(given)


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
        ("CHAT_DATABASE_URL", "memory:hidden"),
        ("CHAT_BROKER_URL", "amqp://one,http://two"),
        ("CHAT_BROKER_URL", ","),
        ("CHAT_BROKER_URL", "amqp://one,,amqp://two"),
        ("CHAT_BROKER_URL", "amqp://one,"),
        ("CHAT_BROKER_URL", "amqp://chat:hidden@"),
        ("CHAT_FLAIRBIT_BASE_URL", "http://"),
        ("CHAT_FLAIRBIT_BASE_URL", "http://:8080"),
        ("CHAT_FLAIRBIT_BASE_URL", "http://host:notaport"),
        ("CHAT_FLAIRBIT_BASE_URL", "http://a host"),
        ("CHAT_JWT_JWKS_URL", "file:///keys"),
        ("CHAT_JWT_JWKS_URL", "http://host:bad/"),
        ("CHAT_JWT_JWKS_URL", "https:///keys"),
        ("CHAT_TRUSTED_SERVICES", "flairbit"),
        ("CHAT_TRUSTED_SERVICES", "flairbit=a.pem,flairbit=b.pem"),
        ("CHAT_TRUSTED_SERVICES", "flairbit=a.pem, flairbit =b.pem"),
        ("CHAT_TRUSTED_SERVICES", "chat-service=a.pem"),
        ("CHAT_TRUSTED_SERVICES", "ann@example.org=a.pem"),
        ("CHAT_MAX_BATCH", "0"),
        ("CHAT_MAX_CONNECTIONS", "99999999999999999999"),
        ("CHAT_OUTBOX_RETENTION", "99999999999d"),
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


def test_the_keys_of_the_file_may_have_the_prefix(tmp_path: Path) -> None:
    (tmp_path / "chat.toml").write_text('chat_port = 9000\nchat_profile = "test"\nhost = "::1"\n')
    settings = load_settings({"CHAT_CONFIG_FILE": str(tmp_path / "chat.toml")})
    assert (settings.profile, settings.port, settings.host) == ("test", 9000, "::1")


@pytest.mark.parametrize("key", ["database_url_file", "chat_database_url_file"])
def test_the_file_may_name_files_with_secrets_as_the_environment_may(tmp_path: Path, key: str) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(f"postgresql://{name}/chat\n")
    (tmp_path / "chat.toml").write_text(f'{key} = "{tmp_path / "one"}"\njwt_public_key_file = "users.pem"\n')
    file = {"CHAT_CONFIG_FILE": str(tmp_path / "chat.toml")}
    settings = load_settings(file)
    assert (str(settings.database_url), settings.jwt_public_key_file) == ("postgresql://one/chat", "users.pem")
    settings = load_settings(file | {"CHAT_DATABASE_URL_FILE": str(tmp_path / "two")})
    assert str(settings.database_url) == "postgresql://two/chat"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("prot = 80", "CHAT_CONFIG_FILE: .*prot"),
        ("chat_prot = 80", "CHAT_CONFIG_FILE: .*chat_prot"),
        ("[chat]\nport = 80", "CHAT_CONFIG_FILE: .*chat"),
        ("port = 80\nchat_port = 80", "CHAT_PORT: .*chat_port"),
        ('database_url_file = "/nowhere"\nchat_database_url_file = "/nowhere"', "CHAT_DATABASE_URL_FILE: "),
        ('database_url_file = "/nowhere"', "CHAT_DATABASE_URL_FILE: "),
        ('database_url_file = ["/nowhere"]', "CHAT_DATABASE_URL_FILE: "),
        ('database_url_file = "\\u0000"', "CHAT_DATABASE_URL_FILE: "),
        ('database_url = ["postgresql://db/chat"]', "CHAT_DATABASE_URL: "),
        ('profile = ["dev"]', "CHAT_PROFILE: "),
        ("allowed_origins = [1]", "CHAT_ALLOWED_ORIGINS: "),
        ("allowed_origins = 1", "CHAT_ALLOWED_ORIGINS: "),
        ("migrate_on_start = []", "CHAT_MIGRATE_ON_START: "),
        ('data_dir = "\\u0000"', "CHAT_DATA_DIR: "),
    ],
)
def test_an_error_in_the_file_is_named(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / "chat.toml").write_text(text)
    with pytest.raises(SettingsError, match=f"^{name}"):
        load_settings({"CHAT_CONFIG_FILE": str(tmp_path / "chat.toml")})


def test_a_choice_may_be_in_any_case() -> None:
    names = {"CHAT_PROFILE": "Dev", "CHAT_SERVER": "Uvicorn", "CHAT_LOG_LEVEL": "INFO", "CHAT_LOG_FORMAT": "JSON"}
    settings = load_settings(names)
    told = settings.profile, settings.server, settings.log_level, settings.log_format
    assert told == ("dev", "uvicorn", "info", "json")


@pytest.mark.parametrize(
    ("words", "meant"), [(("yes", "On", "TRUE", "true", "1"), True), (("no", "Off", "FALSE", "false", "0"), False)]
)
def test_yes_is_yes_and_no_is_no(words: tuple[str, ...], meant: bool) -> None:
    for profile in ("dev", "prod"):
        given = [load_settings({"CHAT_PROFILE": profile, "CHAT_MIGRATE_ON_START": word}) for word in words]
        assert {settings.migrate_on_start for settings in given} == {meant}


def test_prod_does_not_keep_its_messages_in_memory() -> None:
    with pytest.raises(SettingsError, match="CHAT_DATABASE_URL: memory: "):
        require_all(load_settings(PROD | {"CHAT_DATABASE_URL": "memory:"}))


@pytest.mark.parametrize(
    ("text", "seconds"), [("250ms", 0.25), ("10s", 10), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("3", 3)]
)
def test_durations(text: str, seconds: float) -> None:
    assert Duration.parse(text) == seconds


@pytest.mark.parametrize("text", ["3651d", "999999999999d", "9" * 400])
def test_a_duration_has_an_end(text: str) -> None:
    assert Duration.parse("3650d") == Duration(3650 * 86_400)
    with pytest.raises(ValueError, match="at most 3650d"):
        Duration.parse(text)


def test_a_duration_shows_itself_in_its_largest_whole_unit() -> None:
    shown = [str(Duration(seconds)) for seconds in (0, 0.5, 10, 900, 86_400, 604_800)]
    assert shown == ["0s", "500ms", "10s", "15m", "24h", "7d"]
