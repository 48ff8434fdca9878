"""Signs tokens, and makes and loads the keys for it."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from adapters.jwt.keys import MIN_KEY_BITS
from adapters.jwt.token import ALGORITHM
from domain.identifiers import Email

PRIVATE_KEY_FILE = "private.pem"
PUBLIC_KEY_FILE = "public.pem"
KEY_BITS = 3072


def generate_key_pair(directory: Path) -> None:
    """Writes `private.pem`, which only its owner can read, and `public.pem`.

    Raises FileExistsError when one of them is there, OSError when they cannot be written.
    """
    key = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    directory.mkdir(parents=True, exist_ok=True)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if (directory / PUBLIC_KEY_FILE).exists():
        raise FileExistsError(17, "is there already", str(directory / PUBLIC_KEY_FILE))
    _write_new(directory / PRIVATE_KEY_FILE, private, 0o600)
    _write_new(directory / PUBLIC_KEY_FILE, public, 0o644)


def load_private_key(path: Path) -> RSAPrivateKey:
    """Loads an RSA private key from a PEM file.

    Raises ValueError for another kind of key and for one of fewer than 2,048 bits, OSError when it cannot be read.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except TypeError:
        raise ValueError(f"the key in {path} has a password") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"{path} holds no private key in PEM form") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError(f"{path} holds no RSA private key")
    if key.key_size < MIN_KEY_BITS:
        raise ValueError(f"the key in {path} has fewer than {MIN_KEY_BITS} bits")
    return key


def issue_user_token(
    key: RSAPrivateKey,
    email: Email,
    lifetime: timedelta,
    now: datetime,
    *,
    issuer: str | None = None,
    audience: str | None = None,
) -> str:
    """A token that speaks for `email` until `now + lifetime`."""
    claims = {"sub": email, "iat": now, "exp": now + lifetime, "iss": issuer, "aud": audience}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, ALGORITHM)


def issue_service_token(key: RSAPrivateKey, name: str, audience: str, lifetime: timedelta, now: datetime) -> str:
    """A token that speaks for the service `name` to the service `audience`."""
    claims = {"iss": name, "sub": name, "aud": audience, "iat": now, "exp": now + lifetime}
    return jwt.encode(claims, key, ALGORITHM)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
