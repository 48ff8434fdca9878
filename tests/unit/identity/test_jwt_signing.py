"""Tokens that we sign are tokens that we accept; keys are written once and read with care."""

import os
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from adapters.jwt.keys import StaticKeys, load_public_key
from adapters.jwt.service_token import ServiceTokenSigner
from adapters.jwt.signing import generate_key_pair, issue_service_token, issue_user_token, load_private_key
from adapters.jwt.verifier import JwtTokenVerifier
from adapters.memory.clock import ManualClock
from domain.errors import Unauthenticated
from domain.identifiers import Email
from domain.principal import Service, User
from tests.support.people import NOW

KEY = generate_private_key(65537, 2048)
ANN = Email("ann@example.org")


@pytest.mark.parametrize(("issuer", "audience"), [(None, None), ("login", "chat")])
async def test_a_users_token_is_accepted(issuer: str | None, audience: str | None) -> None:
    verifier = JwtTokenVerifier(
        StaticKeys(KEY.public_key()), ManualClock(NOW), issuer=issuer, audience=audience, service_name="chat-service"
    )
    token = issue_user_token(KEY, ANN, timedelta(hours=1), NOW, issuer=issuer, audience=audience)
    assert await verifier.verify(token) == User(ANN, NOW + timedelta(hours=1))


async def test_a_service_token_is_accepted_by_its_audience() -> None:
    clock = ManualClock(NOW + timedelta(milliseconds=900))
    theirs = JwtTokenVerifier(StaticKeys(), clock, services={"chat-service": KEY.public_key()}, service_name="flairbit")
    ours = JwtTokenVerifier(
        StaticKeys(), clock, services={"chat-service": KEY.public_key()}, service_name="chat-service"
    )
    token = issue_service_token(KEY, "chat-service", "flairbit", timedelta(seconds=120), clock.now())
    assert await theirs.verify(token) == Service("chat-service", NOW + timedelta(seconds=120))
    with pytest.raises(Unauthenticated):
        await ours.verify(token)


def test_a_service_token_is_reused_until_shortly_before_it_expires() -> None:
    clock = ManualClock(NOW)
    signer = ServiceTokenSigner(KEY, "chat-service", "flairbit", clock)
    first = signer.token()
    clock.advance(104)
    assert signer.token() == first
    clock.advance(1)
    second = signer.token()
    assert second != first
    assert expiry(second) == NOW.timestamp() + 105 + 120
    clock.advance(-60)
    assert expiry(signer.token()) == NOW.timestamp() + 45 + 120, "a clock was set back: it would not be valid yet"


def test_a_lifetime_too_short_to_reuse_is_signed_each_time() -> None:
    clock = ManualClock(NOW)
    signer = ServiceTokenSigner(KEY, "chat-service", "flairbit", clock, lifetime=10)
    signer.token()
    clock.advance(1)
    assert expiry(signer.token()) == NOW.timestamp() + 11


def test_only_the_owner_can_read_a_generated_private_key(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        generate_key_pair(tmp_path / "new" / "keys")
    finally:
        os.umask(umask)
    private, public = (tmp_path / "new" / "keys" / name for name in ("private.pem", "public.pem"))
    assert load_private_key(private).public_key() == load_public_key(public)
    assert private.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["private.pem", "public.pem"])
def test_existing_keys_are_not_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(FileExistsError, match=name):
        generate_key_pair(tmp_path)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "precious")]


def test_a_file_without_a_fitting_key_is_refused_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    with pytest.raises(FileNotFoundError):
        load_private_key(path)
    plain: KeySerializationEncryption = NoEncryption()
    for content, words in (
        (b"no key", "no private key"),
        (pem(KEY, plain).replace(b"M", b"X"), "no private key"),
        (pem(KEY, BestAvailableEncryption(b"secret")), "password"),
        (pem(generate_ec_key(SECP256R1()), plain), "no RSA private key"),
        (pem(generate_private_key(65537, 1024), plain), "fewer than 2048 bits"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=words):
            load_private_key(path)


def expiry(token: str) -> float:
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] <= 120
    return float(claims["exp"])


def pem(key: RSAPrivateKey | EllipticCurvePrivateKey, encryption: KeySerializationEncryption) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
