"""Checks settings beyond their types: addresses, numbers that are too large, settings that exclude each other."""

import re
from urllib.parse import urlsplit

import msgspec

from adapters.postgres.connection.address import address_of
from domain.errors import Invalid
from domain.message import check_content
from entrypoints.asgi.origins import Origins
from entrypoints.settings.bounds import LEAST_DURATION, MAY_BE_ZERO
from entrypoints.settings.features import features_of
from entrypoints.settings.model import MEMORY, Settings, SettingsError, setting_name
from entrypoints.settings.types import Duration

MAX_NUMBER = 2**31 - 1
"""The largest number that all libraries accept."""

_LIBPQ = ("postgresql://", "postgres://")
_SCHEMES = {
    "database_url": (*_LIBPQ, MEMORY),
    "database_replica_url": _LIBPQ,
    "broker_url": ("amqp://", "amqps://"),
    "flairbit_base_url": ("http://", "https://"),
    "jwt_jwks_url": ("http://", "https://"),
}
_HOST = re.compile(r"[^\s,]+")


def check_settings(settings: Settings) -> None:
    """Raises `SettingsError` for the first setting that is wrong."""
    try:
        Origins(settings.allowed_origins)
    except ValueError as error:
        raise SettingsError(f"CHAT_ALLOWED_ORIGINS: {error}") from None
    try:
        features_of(settings)
    except ValueError as error:
        raise SettingsError(f"CHAT_FEATURES: {error}") from None
    try:
        check_content(settings.deleted_text)
    except Invalid:
        raise SettingsError("CHAT_DELETED_TEXT: the text of a message is expected") from None
    try:
        check_content(settings.withheld_text or settings.deleted_text)
    except Invalid:
        raise SettingsError("CHAT_WITHHELD_TEXT: the text of a message is expected") from None
    if settings.jwt_public_key_file and settings.jwt_jwks_url:
        raise SettingsError("CHAT_JWT_JWKS_URL: give this or CHAT_JWT_PUBLIC_KEY_FILE, not both")
    _check_service_names(settings)
    _check_broker(settings)
    if settings.max_frame_bytes > settings.max_message_bytes:
        raise SettingsError("CHAT_MAX_FRAME_BYTES: a frame is part of a message: at most CHAT_MAX_MESSAGE_BYTES")
    if settings.directory == "claims" and settings.flairbit_base_url:
        raise SettingsError("CHAT_FLAIRBIT_BASE_URL: give this or CHAT_DIRECTORY=claims, not both")
    if settings.directory_open and settings.directory != "claims":
        raise SettingsError("CHAT_DIRECTORY_OPEN: this is for CHAT_DIRECTORY=claims")
    for field, value in msgspec.structs.asdict(settings).items():
        if isinstance(value, Duration) and value < LEAST_DURATION and (value or field not in MAY_BE_ZERO):
            raise SettingsError(f"{setting_name(field)}: a duration of at least {Duration(LEAST_DURATION)} is expected")
        if isinstance(value, int) and value > MAX_NUMBER:
            raise SettingsError(f"{setting_name(field)}: a number of at most {MAX_NUMBER} is expected")
    for field, schemes in _SCHEMES.items():
        if given := str(getattr(settings, field)):
            urls = given.split(",") if field == "broker_url" else [given]
            if not all(_is_address(url.strip(), schemes) for url in urls):
                raise SettingsError(f"{setting_name(field)}: an address such as {schemes[0]}host:port is expected")
    _check_databases(settings)


def _check_broker(settings: Settings) -> None:
    if settings.broker_key and not settings.broker_key.replace(",", "").strip():
        raise SettingsError("CHAT_BROKER_KEY: a key is expected")
    for field in ("broker_mirror_topics", "broker_accept_unsigned"):
        if getattr(settings, field) and not settings.broker_url:
            raise SettingsError(f"{setting_name(field)}: this is for CHAT_BROKER_URL, which is missing")


def _check_databases(settings: Settings) -> None:
    for field in ("database_url", "database_replica_url"):
        try:
            address_of(str(getattr(settings, field)))
        except ValueError as error:
            raise SettingsError(f"{setting_name(field)}: {error}") from None


def _check_service_names(settings: Settings) -> None:
    """Trusted services may act for any user, so nobody else may have their name as issuer."""
    for name in settings.trusted_service_files():
        if name == settings.service_name:
            raise SettingsError("CHAT_TRUSTED_SERVICES: CHAT_SERVICE_NAME is our own name, not that of another service")
        if name == settings.jwt_issuer:
            raise SettingsError("CHAT_TRUSTED_SERVICES: CHAT_JWT_ISSUER, who issues users' tokens, is no service")
        if "@" in name:
            raise SettingsError("CHAT_TRUSTED_SERVICES: an e-mail address is not the name of a service")


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    """Whether a URL has one of `schemes` and valid hosts. PostgreSQL allows several, with commas, or none."""
    if url == MEMORY or not url.startswith(schemes):
        return url in schemes
    try:
        hosts = [urlsplit(f"//{host}") for host in urlsplit(url).netloc.rpartition("@")[2].split(",")]
        ports = [host.port for host in hosts]
    except ValueError:
        return False
    is_of_one = len(hosts) == 1 and _HOST.fullmatch(hosts[0].hostname or "") is not None
    return 0 not in ports and (is_of_one or url.startswith(_LIBPQ))
