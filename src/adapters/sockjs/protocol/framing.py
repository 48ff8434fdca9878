"""SockJS framing: writes frames to the client, and reads the messages of its requests."""

import json
import re
from collections.abc import Sequence
from typing import Final

OPEN: Final = "o"
HEARTBEAT: Final = "h"

# characters that browsers change in transit, and lone surrogates, which UTF-8 does not have
_ESCAPED: Final = re.compile("[\x00-\x1f\u200c-\u200f\u2028-\u202f\u2060-\u206f\ud800-\udfff\ufff0-\uffff]")
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


class BrokenFraming(Exception):
    """The payload is not JSON."""


class PayloadExpected(Exception):
    """The payload is empty, or JSON other than messages."""


class TooManyMessages(Exception):
    """The payload has too many messages."""


def quote(text: str) -> str:
    """`text` as a JSON string that passes every browser and transport unchanged."""
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", _encode(text))


def array_frame(messages: Sequence[str]) -> str:
    """The frame that carries messages: `a[…]`."""
    return f"a[{','.join(map(quote, messages))}]"


def close_frame(code: int, reason: str) -> str:
    """The frame that ends a session: `c[code,reason]`."""
    return f"c[{code},{quote(reason)}]"


def read_messages(payload: str | bytes, max_messages: int) -> list[str]:
    """The messages in a payload: a JSON array of strings, or a single string, as WebSocket clients may send it.

    The caller has checked the size. Raises `PayloadExpected` for an empty payload and for JSON other than strings,
    `BrokenFraming` for a payload that is not JSON, and `TooManyMessages`.
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
