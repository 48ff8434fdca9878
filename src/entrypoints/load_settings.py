"""Where settings come from: environment beats file beats profile default (contract, section 3)."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from entrypoints.setting_types import Duration, Names, Secret
from entrypoints.settings import MEMORY, PROFILE_DEFAULTS, Settings, SettingsError, setting_name

CONFIG_FILE = "CHAT_CONFIG_FILE"

_SCHEMES = {
    "database_url": ("postgresql://", "postgres://", MEMORY),
    "database_replica_url": ("postgresql://", "postgres://"),
    "broker_url": ("amqp://", "amqps://"),
    "flairbit_base_url": ("http://", "https://"),
    "jwt_jwks_url": ("http://", "https://"),
}
_FIELD = re.compile(r" - at `\$\.(\w+)")


def load_settings(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Overrides beat the environment, which beats the file, which beats the profile's defaults.

    Raises `SettingsError` for a malformed one; what is missing depends on the command, see below.
    """
    environment = os.environ if environment is None else environment
    given = _from_file(environment) | _from_environment(environment)
    given |= {name: value for name, value in overrides.items() if value is not None}
    profile = given.get("profile", "prod")
    try:
        settings = msgspec.convert(
            {**PROFILE_DEFAULTS.get(profile, {}), **given}, Settings, strict=False, dec_hook=_decode
        )
    except msgspec.ValidationError as error:
        raise SettingsError(_told(error)) from None
    _check(settings)
    return settings


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Empty is unset, as in every compose file. `…_FILE` names a file with the value."""
    given: dict[str, Any] = {}
    for field in Settings.__struct_fields__:
        name = setting_name(field)
        if value := environment.get(name):
            given[field] = value
        elif file := environment.get(f"{name}_FILE"):
            try:
                given[field] = Path(file).read_text().strip()
            except (OSError, UnicodeError):
                raise SettingsError(f"{name}_FILE: {file} cannot be read") from None
    return given


def _from_file(environment: Mapping[str, str]) -> dict[str, Any]:
    path = environment.get(CONFIG_FILE)
    if not path:
        return {}
    try:
        return tomllib.loads(Path(path).read_text())
    except OSError:
        raise SettingsError(f"{CONFIG_FILE}: {path} cannot be read") from None
    except (tomllib.TOMLDecodeError, UnicodeError) as error:
        raise SettingsError(f"{CONFIG_FILE}: {path} is not TOML: {error}") from None


def _decode(type_: type, value: Any) -> Any:
    if type_ is Secret:
        return Secret(value)
    if type_ is Path:
        return Path(value)
    if issubclass(type_, Duration | Names):
        return type_.parse(value)
    raise NotImplementedError


def _told(error: msgspec.ValidationError) -> str:
    text = str(error)
    field = _FIELD.search(text)
    if field is None:  # an unknown key, which only a file can have
        return f"{CONFIG_FILE}: {text}"
    return f"{setting_name(field[1])}: {text[: field.start()]}"


def _check(settings: Settings) -> None:
    if settings.jwt_public_key_file and settings.jwt_jwks_url:
        raise SettingsError("CHAT_JWT_JWKS_URL: give this or CHAT_JWT_PUBLIC_KEY_FILE, not both")
    settings.trusted_service_files()
    for field, schemes in _SCHEMES.items():
        given = str(getattr(settings, field))
        for url in given.split(",") if field == "broker_url" else [given]:
            if url and not _is_address(url.strip(), schemes):
                raise SettingsError(f"{setting_name(field)}: an address such as {schemes[0]}host:port is expected")


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    """Of one host or, as PostgreSQL's may be, of several with commas between them."""
    if not url.startswith(schemes):
        return False
    try:
        hosts = urlsplit(url).netloc.rpartition("@")[2].split(",")
        ports = [urlsplit(f"//{host}").port for host in hosts]
    except ValueError:
        return False
    return 0 not in ports


def require_database(settings: Settings) -> Settings:
    """Raises `SettingsError` without a database in `prod`, where nothing is embedded."""
    if settings.profile == "prod" and settings.database_url in ("", MEMORY):
        raise SettingsError("CHAT_DATABASE_URL is missing")
    return settings


def require_all(settings: Settings) -> Settings:
    """What serving needs. Raises `SettingsError`."""
    require_database(settings)
    if settings.profile == "prod":
        if not (settings.jwt_public_key_file or settings.jwt_jwks_url):
            raise SettingsError("CHAT_JWT_PUBLIC_KEY_FILE or CHAT_JWT_JWKS_URL is missing")
        if not settings.flairbit_base_url:
            raise SettingsError("CHAT_FLAIRBIT_BASE_URL is missing")
    if settings.flairbit_base_url and settings.profile == "prod" and not settings.service_private_key_file:
        raise SettingsError("CHAT_SERVICE_PRIVATE_KEY_FILE is missing: calls to FlairBit are signed with it")
    return settings
