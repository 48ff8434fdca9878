"""The key pair of `dev` and `test`, made at the first use."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from adapters.jwt.signing import PRIVATE_KEY_FILE, generate_key_pair, load_private_key
from entrypoints.settings.model import Settings, SettingsError


class DevKeys(NamedTuple):
    """A key pair that signs and verifies tokens."""

    private: RSAPrivateKey
    public: RSAPublicKey


def dev_keys(settings: Settings) -> DevKeys:
    """The pair in the data directory. Raises `SettingsError` in `prod`, and without a directory."""
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
    """Makes the pair in one step. When two processes start at once, the pair of the first one stays."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=directory.parent) as scratch:
        made = Path(scratch) / "keys"
        generate_key_pair(made)
        try:
            os.rename(made, directory)
        except OSError:
            if not (directory / PRIVATE_KEY_FILE).exists():
                raise
