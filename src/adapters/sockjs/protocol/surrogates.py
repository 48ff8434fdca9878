"""Joins surrogate pairs that a client has split: some clients split a long text by UTF-16 units."""

from collections.abc import Iterable

HIGH = range(0xD800, 0xDC00)
LOW = range(0xDC00, 0xE000)


class SurrogateJoiner:
    """Joins surrogate pairs across the messages of one client.

    A high surrogate at the end of a message is kept for the next message. If that does not complete the pair, the
    lone surrogate stays in the text, and the reader of the text refuses it.
    """

    __slots__ = ("_high",)

    def __init__(self) -> None:
        self._high = ""

    def join(self, messages: Iterable[str]) -> list[str]:
        """The messages with joined pairs, in order. Leaves out a message that is empty without its high surrogate."""
        whole: list[str] = []
        for message in messages:
            text = _joined(self._high, message) if self._high else message
            self._high = text[-1] if text and ord(text[-1]) in HIGH else ""
            if self._high:
                text = text[:-1]
                if not text:
                    continue
            whole.append(text)
        return whole


def _joined(high: str, rest: str) -> str:
    if rest and ord(rest[0]) in LOW:
        character = chr(0x10000 + (ord(high) - HIGH.start) * 0x400 + ord(rest[0]) - LOW.start)
        return character + rest[1:]
    return high + rest
