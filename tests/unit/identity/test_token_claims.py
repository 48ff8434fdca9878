"""A token is decoded once, and what it claims has types."""

from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given
from hypothesis import strategies as st

from adapters.jwt.claims import TIMES, Claims
from adapters.jwt.token import Token
from domain.errors import Unauthenticated

KEY = generate_private_key(65537, 2048)
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text() | st.integers())
NAMES = ("iss", "sub", "aud", "email", "email_verified", "name", *TIMES)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_claims_of_a_token_have_their_types(payload: dict[str, Any]) -> None:
    claims = Claims.read(payload)
    assert all(isinstance(text, str | None) for text in (claims.issuer, claims.subject, claims.address, claims.email))
    assert all(isinstance(audience, str) for audience in claims.audiences)
    times = dict(zip(TIMES, (claims.expires_at, claims.issued_at, claims.not_before), strict=True))
    for name, time in times.items():
        assert (time is None) == (payload.get(name) is None or name in claims.unreadable_times)


def test_the_claims_come_from_the_signed_text() -> None:
    text = jwt.encode({"sub": "ann@example.org", "exp": 1_800_000_000}, KEY, "RS256", headers={"kid": "one"})
    token = Token.decode(text)
    token.check_signature([KEY.public_key()])
    assert (token.kid, token.claims.address) == ("one", "ann@example.org")
    assert token.claims.expires_at == datetime.fromtimestamp(1_800_000_000, UTC)
    head, _, signature = text.split(".")
    _, other, _ = jwt.encode({"sub": "bob@example.org"}, KEY, "RS256").split(".")
    with pytest.raises(Unauthenticated, match="signature"):
        Token.decode(f"{head}.{other}.{signature}").check_signature([KEY.public_key()])
