"""The texts of the benchmark's messages: 20 to 400 characters, the same in every run."""

from random import Random

import msgspec

SHORTEST, LONGEST = 20, 400
COUNT = 256
_TEXT = (
    "see you at eight and bring the map if you can I think it is café naïve straße 你好 🙂 tomorrow we will "
    "talk about what happened last week on the way home because nobody knew where to go or why"
)


def contents() -> list[bytes]:
    """The texts as JSON strings without the quotes. Their lengths are spread evenly."""
    random, words = Random(20), _TEXT.split()
    return [_json(_text(random, words, random.randint(SHORTEST, LONGEST))) for _ in range(COUNT)]


def _text(random: Random, words: list[str], length: int) -> str:
    text = ""
    while len(text) < length:
        text += random.choice(words) + " "
    return text[: length - 1] + "."


def _json(text: str) -> bytes:
    return msgspec.json.encode(text)[1:-1]
