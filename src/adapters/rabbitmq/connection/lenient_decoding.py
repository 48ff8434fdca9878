"""Makes the library decode properties that would otherwise close its connection.

RabbitMQ passes on what a producer wrote: text that is not UTF-8, times outside the calendar, deeply nested tables. The
library fails to decode it and closes the connection. The next connection gets the same message, and fails again.
"""

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pamqp import decode

Decoder = Callable[[bytes], tuple[int, Any]]

_FAILURES = (ValueError, OverflowError, OSError, RecursionError, IndexError, struct.error)


def install() -> None:
    """Patches the library's decoder: bad text is decoded with `?`, a bad time as 1970, a bad table as empty.

    Idempotent.
    """
    decode.METHODS["shortstr"] = _or_else(decode.short_str, _text)
    decode.METHODS["timestamp"] = _or_else(decode.timestamp, lambda _: (8, datetime.fromtimestamp(0, UTC)))
    decode.METHODS["table"] = _or_else(decode.field_table, _empty_table)


def _or_else(decoder: Decoder, otherwise: Decoder) -> Decoder:
    def read(value: bytes) -> tuple[int, Any]:
        try:
            return decoder(value)
        except _FAILURES:
            return otherwise(value)

    return read


def _text(value: bytes) -> tuple[int, str]:
    length = 1 + value[0]
    return length, value[1:length].decode("ascii", errors="replace").replace("\ufffd", "?")  # as long as before


def _empty_table(value: bytes) -> tuple[int, dict[str, Any]]:
    return 4 + int.from_bytes(value[:4], "big"), {}
