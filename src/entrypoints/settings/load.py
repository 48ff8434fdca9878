"""Loads settings: the environment beats the file, which beats the defaults of the profile (contract, section 3)."""

import logging
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from entrypoints.settings.check import check_settings
from entrypoints.settings.failures import Failure
from entrypoints.settings.model import MEMORY, PREFIX, Settings, SettingsError, setting_name
from entrypoints.settings.profiles import PROFILE_DEFAULTS
from entrypoints.settings.types import Duration, Names, Networks, Secret
from entrypoints.settings.unknown import (
    CONFIG_FILE,
    field_names,
    is_service_link,
    unknown_keys,
    unknown_variables,
)

log = logging.getLogger(__name__)

_KINDS = get_type_hints(Settings)
_TRUTHS = {"yes": True, "on": True, "no": False, "off": False}  # besides true, false, 1 and 0

_FIELD = re.compile(r" - at `\$\.(\w+)")


def load_settings(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Loads the settings. `overrides` beat the environment.

    Raises `SettingsError` for a malformed setting, and in `prod` for an unknown one; in other profiles that is a
    warning. Does not raise for a missing setting: see `require_all` and the like.
    """
    environment = os.environ if environment is None else environment
    from_file, unknown_in_file = _from_file(environment)
    given = from_file | _from_environment(environment)
    given |= {name: value for name, value in overrides.items() if value is not None}
    given = {field: _plain(field, value) for field, value in given.items()}
    defaults = PROFILE_DEFAULTS.get(str(given.get("profile", "prod")), {})
    try:
        settings = msgspec.convert({**defaults, **given}, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise SettingsError(_describe(error)) from None
    _report_unknown([*unknown_in_file, *unknown_variables(environment)], settings)
    check_settings(settings)
    return settings


def _report_unknown(unknown: Sequence[str], settings: Settings) -> None:
    if not unknown or settings.allow_unknown_settings:
        return
    if settings.profile == "prod":
        raise SettingsError(f"{'; '.join(unknown)} (CHAT_ALLOW_UNKNOWN_SETTINGS=true starts all the same)")
    for line in unknown:
        log.warning(line)


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings in the environment. An empty variable counts as unset. `…_FILE` names a file with the value."""
    given: dict[str, Any] = {}
    for field in Settings.__struct_fields__:
        name = setting_name(field)
        value, file = environment.get(name), environment.get(f"{name}_FILE")
        if value and not is_service_link(name, value):
            if file:
                raise SettingsError(f"{name}: give this or {name}_FILE, not both")
            given[field] = value
        elif file:
            given[field] = _content(field, file)
    return given


def _from_file(environment: Mapping[str, str]) -> tuple[dict[str, Any], Sequence[str]]:
    """The settings in the file, and a line for each unknown key."""
    path = environment.get(CONFIG_FILE)
    if not path:
        return {}, ()
    try:
        table = tomllib.loads(Path(path).read_text())
    except OSError:
        raise SettingsError(f"{CONFIG_FILE}: this file cannot be read; the name of a file is expected") from None
    except ValueError as error:
        raise SettingsError(f"{CONFIG_FILE}: {path} is not TOML: {error}") from None
    known = field_names()
    unknown = [key for key in table if key.removeprefix(PREFIX.lower()) not in known]
    given: dict[str, Any] = {}
    for key, value in table.items():
        name = key.removeprefix(PREFIX.lower())
        if name not in known:
            continue
        if name in given:
            raise SettingsError(f"{setting_name(name)}: {path} has it twice, as {name} and as {PREFIX.lower()}{name}")
        given[name] = value
    for field in Settings.__struct_fields__:
        file = given.pop(f"{field}_file", "")
        if file != "":
            if field in given:
                raise SettingsError(f"{setting_name(field)}: {path} has this and {field}_file, give one")
            given[field] = _content(field, file)
    return given, list(unknown_keys(path, unknown))


def _content(field: str, file: Any) -> str:
    """The only line of a file. Never shows the path, which may be the secret itself. Raises `SettingsError`."""
    name = f"{setting_name(field)}_FILE"
    try:
        content = Path(file).read_text().strip()
    except (OSError, TypeError, ValueError):
        raise SettingsError(f"{name}: this file cannot be read; the name of a file is expected") from None
    if not content and field != "allowed_origins":  # may be empty: only pages of the same host may connect
        raise SettingsError(f"{name}: this file is empty")
    return content


def _plain(field: str, value: Any) -> Any:
    """Accepts choices in any case, and several words for yes and no. Raises `SettingsError`."""
    if not isinstance(value, str):
        return value
    if "\0" in value:
        raise SettingsError(f"{setting_name(field)}: NUL is no part of a text")
    if _KINDS.get(field) not in (Names, Networks) and any(end in value.strip() for end in "\r\n"):
        raise SettingsError(f"{setting_name(field)}: one line is expected")
    if _KINDS.get(field) is bool:
        return _TRUTHS.get(value.lower(), value)
    return value.lower() if get_origin(_KINDS.get(field)) is Literal else value


def _decode(type_: type, value: Any) -> Any:
    if type_ is Secret:
        if not isinstance(value, str):
            raise ValueError("a text is expected")
        return Secret(value)
    if type_ is Path:
        return Path(value)
    if issubclass(type_, Duration | Names | Networks):
        return type_.parse(value)
    raise NotImplementedError


def _describe(error: msgspec.ValidationError) -> str:
    text = str(error)
    field = _FIELD.search(text)
    assert field is not None, "unknown keys were taken out, so that every error has its field"
    kind = _KINDS[field[1]]
    if get_origin(kind) is Literal:
        return f"{setting_name(field[1])}: one of {', '.join(get_args(kind))} is expected"
    return f"{setting_name(field[1])}: {text[: field.start()]}"


def require_database(settings: Settings) -> Settings:
    """Raises `SettingsError` when `prod` has no database."""
    if settings.profile == "prod" and settings.database_url == MEMORY:
        raise SettingsError(f"CHAT_DATABASE_URL: {MEMORY} keeps nothing, and `prod` is there to keep it")
    if settings.profile == "prod" and not settings.database_url:
        raise SettingsError(
            "CHAT_DATABASE_URL is missing (what `make run` has is in the profile dev: CHAT_PROFILE=dev)"
        )
    return settings


def require_postgres(settings: Settings, lacking: str) -> Settings:
    """Raises `Failure` when the store is memory, for commands that need a database."""
    if settings.database_url == MEMORY:
        raise Failure(f"{lacking}: with CHAT_DATABASE_URL={MEMORY} everything is in the memory of the service alone")
    return require_database(settings)


def require_all(settings: Settings) -> Settings:
    """Raises `SettingsError` when a setting that serving needs is missing."""
    require_database(settings)
    if settings.server == "uvicorn" and not (find_spec("uvicorn") and find_spec("websockets")):
        raise SettingsError("CHAT_SERVER: uvicorn is not installed: pip install 'chat-service[uvicorn]'")
    if settings.profile == "prod":
        if not (settings.jwt_public_key_file or settings.jwt_jwks_url):
            raise SettingsError("CHAT_JWT_PUBLIC_KEY_FILE or CHAT_JWT_JWKS_URL is missing")
        if not (settings.flairbit_base_url or settings.directory == "claims"):
            raise SettingsError("CHAT_FLAIRBIT_BASE_URL is missing; CHAT_DIRECTORY=claims needs none")
    if settings.flairbit_base_url and settings.profile == "prod" and not settings.service_private_key_file:
        raise SettingsError("CHAT_SERVICE_PRIVATE_KEY_FILE is missing: calls to FlairBit are signed with it")
    return settings
