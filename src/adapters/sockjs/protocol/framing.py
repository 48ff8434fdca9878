"""SockJS framing: messages to frames for the client, and what a client sends to messages."""

import json
import re
from collections.abc import Sequence
from typing import Final

OPEN: Final = "o"
HEARTBEAT: Final = "h"
MAX_MESSAGES: Final = 1_000

# what browsers mangle on their way, and lone surrogates, which UTF-8 has not
_ESCAPED: Final = re.compile("[\x00-\x1f\u200c-\u200f\u2028-\u202f\u2060-\u206f\ud800-\udfff\ufff0-\uffff]")
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


class BrokenFraming(Exception):
    """What came is not JSON."""


class PayloadExpected(Exception):
    """Nothing came, or JSON that is not messages."""


class TooManyMessages(Exception):
    """More messages than one request may carry."""


def quote(text: str) -> str:
    """A JSON string that survives every browser and transport."""
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", _encode(text))


def array_frame(messages: Sequence[str]) -> str:
    return f"a[{','.join(map(quote, messages))}]"


def close_frame(code: int, reason: str) -> str:
    return f"c[{code},{quote(reason)}]"


def read_messages(payload: str | bytes, max_messages: int = MAX_MESSAGES) -> list[str]:
    """An array of strings; WebSocket clients may also send one string alone. The caller has checked the length.

    Raises `PayloadExpected` for an empty payload and for anything but strings, `BrokenFraming` for what is not JSON,
    `TooManyMessages`.
    """
    if not payload:
        raise PayloadExpected
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        raise BrokenFraming from None
    messages = [value] if isinstance(value, str) else value
    if isinstance(messages, list) and len(messages) > max_messages:
        raise TooManyMessages
    if not isinstance(messages, list) or not all(isinstance(message, str) for message in messages):
        raise PayloadExpected
    return messages
