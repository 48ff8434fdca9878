"""The key pair of `dev` and `test`, made at first use: tokens to try the service with, from its own command."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from adapters.jwt.signing import PRIVATE_KEY_FILE, generate_key_pair, load_private_key
from entrypoints.settings.model import Settings, SettingsError


class DevKeys(NamedTuple):
    private: RSAPrivateKey
    public: RSAPublicKey


def dev_keys(settings: Settings) -> DevKeys:
    """The pair under the data directory. Raises `SettingsError` in `prod`, which has none, and without a directory."""
    if settings.profile == "prod":
        raise SettingsError("CHAT_JWT_PUBLIC_KEY_FILE or CHAT_JWT_JWKS_URL is missing")
    directory = settings.data_dir / "keys"
    try:
        if not (directory / PRIVATE_KEY_FILE).exists():
            _make(directory)
        private = load_private_key(directory / PRIVATE_KEY_FILE)
    except (OSError, ValueError) as error:
        raise SettingsError(f"CHAT_DATA_DIR: the keys in {directory} cannot be used: {error}") from None
    return DevKeys(private, private.public_key())


def _make(directory: Path) -> None:
    """Appears whole or not at all, also when two processes start at once: the first one's pair stays."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=directory.parent) as scratch:
        made = Path(scratch) / "keys"
        generate_key_pair(made)
        try:
            os.rename(made, directory)
        except OSError:
            if not (directory / PRIVATE_KEY_FILE).exists():
                raise
