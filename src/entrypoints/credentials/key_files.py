"""Reads keys from the files that settings name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from adapters.jwt.keys import load_public_key
from adapters.jwt.signing import load_private_key
from entrypoints.settings.model import SettingsError, setting_name


def public_key(field: str, file: Path) -> RSAPublicKey:
    """Reads a public key. Raises `SettingsError` with the name of the setting `field`."""
    with _named(field):
        return load_public_key(file)


def private_key(field: str, file: Path) -> RSAPrivateKey:
    """Reads a private key. Raises `SettingsError` with the name of the setting `field`."""
    with _named(field):
        return load_private_key(file)


@contextmanager
def _named(field: str) -> Iterator[None]:
    try:
        yield
    except OSError:
        # never shows the value: it may be the key itself
        message = f"{setting_name(field)}: this file cannot be read; the name of a file is expected"
        raise SettingsError(message) from None
    except ValueError as error:
        raise SettingsError(f"{setting_name(field)}: {error}") from None
