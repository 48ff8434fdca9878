"""Requests as they are read, and what is known of one that was refused."""

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.wire.fields import MAX_SEQ
from application.wire.requests.bodies import client_message_id_of, origin_of
from application.wire.requests.ids import parse_place
from domain.errors import Invalid

NAMES = st.one_of(st.uuids().map(str), st.uuids().map(lambda one: one.hex.upper()), st.text(max_size=8), st.none())
NAMED = st.fixed_dictionaries({"content": st.text()}, optional={"clientMessageId": NAMES})


@given(st.uuids(), st.sampled_from([str.upper, str.lower, str.title, lambda text: text.replace("-", "")]))
def test_a_refused_message_is_known_by_the_canonical_spelling_of_its_id(some_id: UUID, spell: object) -> None:
    assert callable(spell)
    assert origin_of(json.dumps({"clientMessageId": spell(str(some_id))})).client_message_id == str(some_id)


@pytest.mark.parametrize("given_id", ["", "no uuid", "{01981a63-6a00-7cc1-a7f2-0d0b0a5f1c11}"])
def test_an_id_that_is_no_uuid_comes_back_unchanged(given_id: str) -> None:
    assert origin_of(json.dumps({"clientMessageId": given_id})).client_message_id == given_id


@given(st.one_of(st.binary(max_size=40), st.text(max_size=40), NAMED.map(json.dumps)))
def test_the_quick_way_to_the_id_finds_the_same(body: bytes | str) -> None:
    assert client_message_id_of(body) == origin_of(body).client_message_id


@given(st.uuids(), st.integers(0, MAX_SEQ))
def test_a_place_is_a_seq_or_an_id(some_id: UUID, seq: int) -> None:
    assert (parse_place(str(some_id).upper(), "before"), parse_place(str(seq), "before")) == (some_id, seq)


@pytest.mark.parametrize("raw", ["", "-1", "1.0", "\u0661", "null", str(MAX_SEQ + 1), "9" * 5_000, "0" * 36, "7" * 32])
def test_anything_else_is_no_place(raw: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_place(raw, "before")
    assert refused.value.field == "before"
