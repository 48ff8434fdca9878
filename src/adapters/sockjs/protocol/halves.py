"""Characters that a client cut in two: it splits a long text by UTF-16 units, also inside a surrogate pair."""

from collections.abc import Iterable

HIGH = range(0xD800, 0xDC00)
LOW = range(0xDC00, 0xE000)


class HalfJoiner:
    """Joins the halves of one client's messages, which must come here in their order.

    A half at the end of a message waits for the next message. A half that the next message does not complete stays
    in the text, for the reader of the text to refuse.
    """

    __slots__ = ("_half",)

    def __init__(self) -> None:
        self._half = ""

    def join(self, messages: Iterable[str]) -> list[str]:
        """The messages with whole characters; a message is left out when nothing of it but a half has come."""
        whole: list[str] = []
        for message in messages:
            text = _joined(self._half, message) if self._half else message
            self._half = text[-1] if text and ord(text[-1]) in HIGH else ""
            if self._half:
                text = text[:-1]
                if not text:
                    continue
            whole.append(text)
        return whole


def _joined(half: str, rest: str) -> str:
    if rest and ord(rest[0]) in LOW:
        character = chr(0x10000 + (ord(half) - HIGH.start) * 0x400 + ord(rest[0]) - LOW.start)
        return character + rest[1:]
    return half + rest
