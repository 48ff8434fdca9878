"""A reaction is one emoji (UTS 51)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.rules.emoji import MAX_EMOJI_OCTETS, check_emoji

EMOJI = ["👍", "👍🏽", "❤️", "❤", "☺️", "😀", "1️⃣", "#️⃣", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👩🏽‍🚀", "👨‍👩‍👧‍👦", "👩‍❤️‍💋‍👨", "🏳️‍🌈", "🫩", "🪾"]
NONE = [
    "",
    " ",
    "1",
    "#",
    "a",
    "é",
    "👍👍",
    "👍 ",
    " 👍",
    "🇩",
    "🇩🇪🇫🇷",
    "\u200d",
    "\ufe0f",
    "👍\ufe0e",
    "👍\u200d",
    "\ud83d",
    "👍\0",
]


@pytest.mark.parametrize("emoji", EMOJI)
def test_an_emoji_is_taken_as_it_is(emoji: str) -> None:
    assert check_emoji(emoji) == emoji


@pytest.mark.parametrize("text", NONE)
def test_a_text_that_is_not_one_emoji_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_emoji(text)
    assert refused.value.field == "emoji"


def test_a_sequence_without_an_end_is_refused() -> None:
    with pytest.raises(Invalid):
        check_emoji("\u200d".join(["👨"] * 10))


@given(st.text())
def test_no_text_is_taken_that_is_not_short_and_without_letters(text: str) -> None:
    try:
        taken = check_emoji(text)
    except Invalid:
        return
    assert len(taken.encode()) <= MAX_EMOJI_OCTETS
    assert not any(character.isalpha() for character in taken)
