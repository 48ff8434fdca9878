"""What a token has to be, and every way in which it is not."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from adapters.jwt.keys import StaticKeys, load_public_key
from adapters.jwt.verifier import JwtTokenVerifier
from adapters.memory.clock import ManualClock
from domain.errors import Unauthenticated
from domain.identifiers import Email
from domain.principal import Service, User
from tests.support.people import NOW

OURS, THEIRS, BILLING = (generate_private_key(65537, 2048) for _ in range(3))
T = int(NOW.timestamp())
VERIFIER = JwtTokenVerifier(
    StaticKeys(OURS.public_key()),
    ManualClock(NOW),
    issuer="login",
    audience="chat",
    services={"billing": BILLING.public_key()},
    service_name="chat-service",
)
USER: dict[str, Any] = {"sub": "Ann@Example.org", "iss": "login", "aud": "chat", "iat": T, "exp": T + 60}
SERVICE: dict[str, Any] = {"iss": "billing", "sub": "billing", "aud": "chat-service", "iat": T, "exp": T + 120}


async def test_a_user_is_its_lower_cased_subject_until_exp() -> None:
    token = jwt.encode(USER, OURS, "RS256")
    assert await VERIFIER.verify(token) == User(Email("ann@example.org"), NOW + timedelta(seconds=60))


async def test_a_trusted_service_is_its_issuer() -> None:
    token = jwt.encode(SERVICE, BILLING, "RS256")
    assert await VERIFIER.verify(token) == Service("billing", NOW + timedelta(seconds=120))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": T},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1e300},
        {"nbf": T + 60},
        {"iat": T + 60},
        {"iss": "other"},
        {"aud": "other"},
        {"sub": None},
        {"sub": 7},
        {"sub": "nobody"},
    ],
    ids=str,
)
async def test_a_users_token_with_one_thing_wrong(changes: dict[str, Any]) -> None:
    claims = {name: value for name, value in (USER | changes).items() if value is not None}
    token = jwt.api_jws.PyJWS().encode(jwt_payload(claims), OURS, "RS256")
    with pytest.raises(Unauthenticated):
        await VERIFIER.verify(token)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": T + 121},
        {"iat": None},
        {"aud": "chat"},
        {"aud": ["chat", "flairbit"]},
        {"iat": T - 100},
        {"sub": None},
        {"sub": "reports"},
        {"sub": "Billing"},
        {"sub": "ann@example.org"},
        {"sub": ["billing"]},
    ],
    ids=str,
)
async def test_a_services_token_with_one_thing_wrong(changes: dict[str, Any]) -> None:
    claims = {name: value for name, value in (SERVICE | changes).items() if value is not None}
    with pytest.raises(Unauthenticated):
        await VERIFIER.verify(jwt.encode(claims, BILLING, "RS256"))


async def test_a_token_must_be_signed_by_the_key_of_its_kind() -> None:
    for claims, key in ((SERVICE, OURS), (USER, BILLING), (USER, THEIRS)):
        with pytest.raises(Unauthenticated):
            await VERIFIER.verify(jwt.encode(claims, key, "RS256"))


DEV = JwtTokenVerifier(
    StaticKeys(OURS.public_key()),
    ManualClock(NOW),
    services={"billing": BILLING.public_key()},
    any_service=OURS.public_key(),
    service_name="chat-service",
)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "bar"},
        {"iss": "bar", "aud": "chat-service"},
        {"iss": "bar", "aud": ["other", "chat-service"], "exp": T + 60},
        {"iss": ""},
        {"iss": None, "aud": "chat-service"},
    ],
    ids=str,
)
async def test_with_any_service_trusted_a_token_with_an_address_is_a_users(changes: dict[str, Any]) -> None:
    claims = {"sub": "ann@example.org", "iat": T, "exp": T + 3600} | changes
    token = jwt.api_jws.PyJWS().encode(jwt_payload(claims), OURS, "RS256")
    assert (await DEV.verify(token)).name == "ann@example.org"


async def test_with_any_service_trusted_a_token_without_an_address_is_a_services() -> None:
    token = jwt.encode(SERVICE | {"iss": "reports", "sub": "reports"}, OURS, "RS256")
    assert await DEV.verify(token) == Service("reports", NOW + timedelta(seconds=120))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": T + 121},
        {"iat": None},
        {"aud": "other"},
        {"iss": ""},
        {"iss": 7},
        {"sub": 7},
        {"sub": None},
        {"sub": "x"},
    ],
    ids=str,
)
async def test_with_any_service_trusted_the_other_claims_are_checked(changes: dict[str, Any]) -> None:
    claims = SERVICE | {"iss": "reports", "sub": "reports"} | changes
    with pytest.raises(Unauthenticated):
        await DEV.verify(jwt.api_jws.PyJWS().encode(jwt_payload(claims), OURS, "RS256"))


@pytest.mark.parametrize("verifier", [VERIFIER, DEV], ids=["prod", "dev"])
async def test_a_trusted_issuer_needs_its_own_key(verifier: JwtTokenVerifier) -> None:
    assert (await verifier.verify(jwt.encode(SERVICE, BILLING, "RS256"))).name == "service:billing"
    for subject in ({}, {"sub": "ann@example.org"}, {"aud": "chat"}, {"aud": ["chat", "chat-service"]}):
        with pytest.raises(Unauthenticated, match="signature"):
            await verifier.verify(jwt.encode(SERVICE | subject, OURS, "RS256"))


async def test_users_and_services_do_not_pass_for_each_other() -> None:
    key = BILLING.public_key()
    shared = JwtTokenVerifier(
        StaticKeys(OURS.public_key(), key), ManualClock(NOW), services={"billing": key}, service_name="chat-service"
    )
    claims = {"sub": "ann@example.org", "aud": ["chat-service", "chat"], "iat": T, "exp": T + 60}
    assert (await shared.verify(jwt.encode(claims, OURS, "RS256"))).name == "ann@example.org"
    for issuer in ({}, {"iss": "login"}, {"iss": "billing"}):
        with pytest.raises(Unauthenticated):
            await shared.verify(jwt.encode(claims | issuer, BILLING, "RS256"))


async def test_the_issuer_of_users_is_not_a_service() -> None:
    key = OURS.public_key()
    verifier = JwtTokenVerifier(
        StaticKeys(key), ManualClock(NOW), issuer="login", any_service=key, service_name="chat-service"
    )
    with pytest.raises(Unauthenticated, match="not an e-mail"):
        await verifier.verify(jwt.encode(SERVICE | {"iss": "login", "sub": "login"}, OURS, "RS256"))
    with pytest.raises(Unauthenticated, match="another issuer"):
        await verifier.verify(jwt.encode(USER | {"iss": "bar"}, OURS, "RS256"))


async def test_other_algorithms_are_refused() -> None:
    public = OURS.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    forged = [
        jwt.encode(USER, "", "none"),
        jwt.api_jws.PyJWS().encode(jwt_payload(USER), OURS, "RS512"),
        hs256(USER, public),
    ]
    for token in forged:
        with pytest.raises(Unauthenticated):
            await VERIFIER.verify(token)


@pytest.mark.parametrize("broken", ["", "a", "a.b", "a.b.c", "é.é.é", "x" * 10_000])
async def test_text_that_is_not_a_token_is_refused(broken: str) -> None:
    with pytest.raises(Unauthenticated):
        await VERIFIER.verify(broken)


@given(st.text())
async def test_any_text_is_refused_as_unauthenticated(text: str) -> None:
    with pytest.raises(Unauthenticated):
        await VERIFIER.verify(text)


async def test_a_token_with_anything_after_it_is_refused() -> None:
    token = jwt.encode(USER, OURS, "RS256")
    for changed in (token + "x", token + ".x", token[:-4]):
        with pytest.raises(Unauthenticated):
            await VERIFIER.verify(changed)


def test_a_key_file_is_an_rsa_public_key_of_2048_bits(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(OURS.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert load_public_key(path) == OURS.public_key()
    path.write_text("no key")
    with pytest.raises(ValueError, match=r".+"):
        load_public_key(path)


def jwt_payload(claims: dict[str, Any]) -> bytes:
    return msgspec.json.encode(claims)


def hs256(claims: dict[str, Any], secret: bytes) -> str:
    """Signed by hand: the library itself refuses a public key as a secret."""

    def part(data: bytes) -> bytes:
        return urlsafe_b64encode(data).rstrip(b"=")

    signed = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(jwt_payload(claims))
    return (signed + b"." + part(hmac.new(secret, signed, hashlib.sha256).digest())).decode()
