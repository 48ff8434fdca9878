"""Which published keys may have signed a token."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from hypothesis import given
from hypothesis import strategies as st

from adapters.jwt.jwk_set import MAX_CANDIDATES, parse_jwk_set
from tests.support.identity.jwk import JSON, jwk, jwk_set

ONE, OTHER = (generate_private_key(65537, 2048) for _ in range(2))
SHORT = generate_private_key(65537, 1024)


def test_a_key_is_found_by_its_kid_or_without_one() -> None:
    keys = parse_jwk_set(jwk_set(jwk(ONE, "one"), jwk(OTHER, "other", use=None, alg=None, key_ops=["verify"])))
    assert list(keys.candidates("one")) == [ONE.public_key()]
    assert list(keys.candidates("other")) == [OTHER.public_key()]
    assert list(keys.candidates("third")) == []
    assert list(keys.candidates(None)) == [ONE.public_key(), OTHER.public_key()]
    assert [keys.knows(kid) for kid in ("one", None, "third")] == [True, True, False]


def test_keys_without_a_kid_come_after_the_key_with_the_kid() -> None:
    keys = parse_jwk_set(jwk_set(*[jwk(ONE, None)] * 20, jwk(OTHER, "other")))
    assert keys.candidates("other")[0] == OTHER.public_key()
    assert list(keys.candidates("third")) == [ONE.public_key()] * MAX_CANDIDATES
    assert not keys.knows("third")


def test_a_token_costs_a_bounded_number_of_checks() -> None:
    keys = parse_jwk_set(jwk_set(*(jwk(ONE, str(number)) for number in range(1_000))))
    assert len(keys.candidates(None)) == MAX_CANDIDATES


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        (SHORT, {}),
        (ONE, {"kty": "EC"}),
        (ONE, {"kty": None}),
        (ONE, {"use": "enc"}),
        (ONE, {"alg": "RS512"}),
        (ONE, {"alg": "HS256"}),
        (ONE, {"key_ops": ["encrypt"]}),
        (ONE, {"key_ops": "verify"}),
        (ONE, {"n": None}),
        (ONE, {"n": 7}),
        (ONE, {"n": "é"}),
        (ONE, {"n": "A"}),
        (ONE, {"n": "_" * 10_000}),
        (ONE, {"e": "AA"}),
        (ONE, {"e": "Ag"}),
        (ONE, {"e": ["AQAB"]}),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, dict) else "",
)
def test_a_key_of_another_kind_is_ignored(key: RSAPrivateKey, changes: dict[str, JSON]) -> None:
    keys = parse_jwk_set(jwk_set(jwk(key, "odd", **changes), jwk(OTHER, "other")))
    assert list(keys.candidates(None)) == [OTHER.public_key()]


def test_a_kid_that_is_not_text_is_ignored() -> None:
    assert len(parse_jwk_set(jwk_set(jwk(ONE, None) | {"kid": 7})).candidates("7")) == 1


@pytest.mark.parametrize(
    "document",
    [b"", b"<html>", b"[]", b"null", b"{}", b'{"keys": 7}', b'{"keys": [7]}', b'{"keys": ["\xff"]}', b"[" * 10_000],
    ids=lambda document: repr(document[:20]),
)
def test_a_document_that_is_not_a_jwk_set_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match="not a JWK Set"):
        parse_jwk_set(document)


MEMBERS = st.sampled_from(["kty", "use", "alg", "key_ops", "kid", "n", "e"])
VALUES = st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | st.text(), st.lists, max_leaves=4)


@given(st.lists(st.dictionaries(MEMBERS, VALUES).map(lambda odd: jwk(ONE, "one") | odd), max_size=3))
def test_a_broken_entry_does_not_hide_the_others(entries: list[dict[str, JSON]]) -> None:
    assert OTHER.public_key() in parse_jwk_set(jwk_set(*entries, jwk(OTHER, "other"))).candidates("other")
