"""Properties that the library cannot decode.

RabbitMQ hands on what a producer wrote: text that is no UTF-8, times beyond the calendar, tables within tables. The
library then gives the connection up, gets the same message again on the next one, and never gets beyond it.
"""

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pamqp import decode

Decoder = Callable[[bytes], tuple[int, Any]]

_FAILURES = (ValueError, OverflowError, OSError, RecursionError, IndexError, struct.error)


def install() -> None:
    """From now on such a text is read with replacements, such a time as 1970, such a table as empty. Idempotent."""
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
    return length, value[1:length].decode("ascii", errors="replace").replace("\ufffd", "?")  # no longer than it was


def _empty_table(value: bytes) -> tuple[int, dict[str, Any]]:
    return 4 + int.from_bytes(value[:4], "big"), {}
