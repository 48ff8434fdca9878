"""Misspelt settings are told, with what was probably meant; what others put into the environment is left alone."""

from pathlib import Path

import pytest

from entrypoints.settings.load import load_settings
from entrypoints.settings.model import Settings, SettingsError, setting_name

MISSPELT = {
    "CHAT_DATABSE_URL": "CHAT_DATABASE_URL",
    "CHAT_JWT_PUBLIC_KEY": "CHAT_JWT_PUBLIC_KEY_FILE",
    "CHAT_SERVICE_PRIVATE_KEY": "CHAT_SERVICE_PRIVATE_KEY_FILE",
    "CHAT_DATABASE_ULR_FILE": "CHAT_DATABASE_URL_FILE",
    "CHAT_URL_DATABASE": "CHAT_DATABASE_URL",
    "CHAT_CONFIG_FIEL": "CHAT_CONFIG_FILE",
    "CHAT_MAX_CONNECTION": "CHAT_MAX_CONNECTIONS",
    "CHAT_ALLOWED_ORIGIN": "CHAT_ALLOWED_ORIGINS",
    "chat_port": "CHAT_PORT",
}


@pytest.mark.parametrize(("name", "meant"), MISSPELT.items())
def test_in_prod_a_misspelt_name_stops_the_start(name: str, meant: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings({name: "hidden"})
    assert str(error.value).startswith(f"{name} is no setting: {meant} was probably meant")
    assert "hidden" not in str(error.value)


@pytest.mark.parametrize("profile", ["dev", "test"])
def test_in_other_profiles_it_is_a_warning_in_one_line(profile: str, caplog: pytest.LogCaptureFixture) -> None:
    load_settings({"CHAT_PROFILE": profile, "CHAT_DATABSE_URL": "hidden"})
    assert caplog.messages == ["CHAT_DATABSE_URL is no setting: CHAT_DATABASE_URL was probably meant"]


def test_an_unknown_name_unlike_any_setting_is_reported_without_a_guess() -> None:
    with pytest.raises(SettingsError, match=r"^CHAT_XYZZY is no setting \("):
        load_settings({"CHAT_XYZZY": "1"})


def test_it_may_be_allowed(caplog: pytest.LogCaptureFixture) -> None:
    load_settings({"CHAT_DATABSE_URL": "x", "CHAT_ALLOW_UNKNOWN_SETTINGS": "true"})
    assert not caplog.messages


def test_every_setting_and_its_file_are_known(caplog: pytest.LogCaptureFixture) -> None:
    for field in Settings.__struct_fields__:
        load_settings({"CHAT_PROFILE": "test", setting_name(field): "", f"{setting_name(field)}_FILE": ""})
    assert not caplog.messages


@pytest.mark.parametrize("service", ["CHAT", "CHAT_SERVICE", "CHAT_DATABASE", "CHAT_2"])
def test_variables_of_kubernetes_services_are_ignored(service: str) -> None:
    settings = load_settings(
        {
            f"{service}_SERVICE_HOST": "10.0.0.1",
            f"{service}_SERVICE_PORT": "80",
            f"{service}_SERVICE_PORT_HTTP": "80",
            f"{service}_PORT": "tcp://10.0.0.1:80",
            f"{service}_PORT_80_TCP": "tcp://10.0.0.1:80",
            f"{service}_PORT_80_TCP_PROTO": "tcp",
            f"{service}_PORT_80_TCP_PORT": "80",
            f"{service}_PORT_80_TCP_ADDR": "10.0.0.1",
        }
    )
    assert settings.port == 8080


def test_a_misspelt_key_in_the_file_is_reported_like_a_variable(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "chat.toml"
    file.write_text('chat_databse_url = "hidden"\nport = 9000\n')
    told = f"CHAT_CONFIG_FILE: {file} has chat_databse_url, which is no setting: database_url was probably meant"
    with pytest.raises(SettingsError) as error:
        load_settings({"CHAT_CONFIG_FILE": str(file)})
    assert str(error.value).startswith(told)
    assert load_settings({"CHAT_CONFIG_FILE": str(file), "CHAT_PROFILE": "dev"}).port == 9000
    assert caplog.messages == [told]
