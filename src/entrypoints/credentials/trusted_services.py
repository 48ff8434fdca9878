"""Reads the public keys of trusted services, which may act for any user."""

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from entrypoints.credentials.key_files import public_key
from entrypoints.settings.model import Settings, SettingsError


def trusted_services(
    settings: Settings, users_key: RSAPublicKey | None, our_key: RSAPublicKey | None
) -> Mapping[str, RSAPublicKey]:
    """The key of each trusted service by name (contract, section 4).

    Raises `SettingsError` for a file without a key, and for a key that two services share, or that a service shares
    with us or with the issuer of users' tokens: its owner could act for any user.
    """
    services: dict[str, RSAPublicKey] = {}
    for name, file in settings.trusted_service_files().items():
        key = public_key("trusted_services", file)
        if key == users_key:
            raise SettingsError(f"CHAT_TRUSTED_SERVICES: the key of {name} also signs users' tokens")
        if key == our_key:
            raise SettingsError(f"CHAT_TRUSTED_SERVICES: the key of {name} is our own")
        if key in services.values():
            raise SettingsError(f"CHAT_TRUSTED_SERVICES: {name} has the key of another service")
        services[name] = key
    return services
