"""Ids from outside have one form: 36 characters with four hyphens, in any case (RFC 9562, section 4).

Numbers in queries have one form as well: ASCII digits.
"""

from typing import Final
from uuid import UUID

import msgspec

from application.wire.fields import MAX_SEQ
from domain.errors import Invalid
from domain.identifiers import MessageId

LENGTH: Final = 36


def parse_id(raw: str, field: str) -> UUID:
    """The id. Raises `Invalid` for `field`, also for forms of a UUID with braces, a prefix or without hyphens."""
    if len(raw) == LENGTH:
        try:
            return msgspec.convert(raw, UUID)
        except msgspec.ValidationError:
            pass
    raise Invalid(f"{field} is not a UUID", field=field)


def parse_place(raw: str, field: str) -> int | MessageId:
    """A `seq`, or the id of a message (contract, section 11). Raises `Invalid` for `field`."""
    if len(raw) == LENGTH:
        return MessageId(parse_id(raw, field))
    if not is_plain_number(raw):
        raise Invalid(f"{field} must be a `seq` in plain digits, or a messageId", field=field)
    if len(raw) > len(str(MAX_SEQ)) or int(raw) > MAX_SEQ:
        raise Invalid(f"{field} is not allowed: no `seq` is so large", field=field)
    return int(raw)


def is_plain_number(raw: str) -> bool:
    """Whether it is in ASCII digits alone."""
    return raw.isascii() and raw.isdigit()
