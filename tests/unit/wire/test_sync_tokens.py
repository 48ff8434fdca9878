"""A token has one spelling: what is not of its alphabet, or comes after it, breaks it."""

import pytest

from application.wire.positions.sync_token import Place, SyncToken, SyncTokens, UnreadableToken

TOKENS = SyncTokens([b"key", b"older"])
TOKEN = SyncToken(TOKENS.owner("ann@example.org"), "epoch", 7, Place(9, in_messages=False))
TEXT = TOKENS.write(TOKEN)


def test_a_token_survives_a_round_trip() -> None:
    assert TOKENS.read(TEXT) == TOKEN


def test_a_token_of_an_older_key_is_read() -> None:
    assert TOKENS.read(SyncTokens([b"older"]).write(TOKEN)) == TOKEN


@pytest.mark.parametrize(
    "text",
    [
        TEXT[:5] + "!*" + TEXT[5:],
        TEXT[:5] + "\n" + TEXT[5:],
        " " + TEXT,
        TEXT + "=",
        TEXT + "====",
        TEXT + "====" + TEXT,
        TEXT + "A",
        TEXT[:-1],
        TEXT + "\u00e9",
        TEXT.swapcase(),
        SyncTokens([b"another"]).write(TOKEN),
        "",
    ],
)
def test_any_other_text_is_none(text: str) -> None:
    with pytest.raises(UnreadableToken):
        TOKENS.read(text)
