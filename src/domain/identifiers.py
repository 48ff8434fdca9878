"""Names of things, and how a name from outside becomes one of ours."""

from typing import NewType
from uuid import UUID

from domain.errors import Invalid

SessionId = NewType("SessionId", UUID)
MessageId = NewType("MessageId", UUID)
ClientMessageId = NewType("ClientMessageId", UUID)
ProfileId = NewType("ProfileId", UUID)
OutboxId = NewType("OutboxId", UUID)
Email = NewType("Email", str)
Intent = NewType("Intent", str)

MAX_EMAIL_LENGTH = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets
MAX_INTENT_LENGTH = 64


def parse_email(raw: str, field: str = "email") -> Email:
    """The lower-cased address. Raises `Invalid` without one `@`, with an empty side, white space or controls."""
    local, at, host = raw.rpartition("@")
    if not (at and local and host) or "@" in local or len(raw) > MAX_EMAIL_LENGTH or not _is_one_word(raw):
        raise Invalid(f"{field} is not an e-mail address", field=field)
    return Email(raw.lower())


def parse_intent(raw: str, field: str = "intent") -> Intent:
    """The intent as given: 1 to 64 visible characters. Raises `Invalid`."""
    if not 0 < len(raw) <= MAX_INTENT_LENGTH or not _is_one_word(raw):
        raise Invalid(f"{field} must be 1 to {MAX_INTENT_LENGTH} visible characters without spaces", field=field)
    return Intent(raw)


def _is_one_word(raw: str) -> bool:
    return raw.isprintable() and not any(character.isspace() for character in raw)
