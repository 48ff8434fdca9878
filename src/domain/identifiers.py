"""Types of ids, and the parsers of e-mails and intents from outside."""

from functools import lru_cache
from typing import NewType
from uuid import UUID

from domain.email_address import canonical_email
from domain.errors import Invalid

SessionId = NewType("SessionId", UUID)
MessageId = NewType("MessageId", UUID)
ClientMessageId = NewType("ClientMessageId", UUID)
ProfileId = NewType("ProfileId", UUID)
OutboxId = NewType("OutboxId", UUID)
Email = NewType("Email", str)
Intent = NewType("Intent", str)

MAX_DESTINATION_LENGTH = 255  # the size of the outbox column
# The RFC allows 254 characters. But the destination of an ack contains the e-mail, and must fit the outbox.
MAX_EMAIL_LENGTH = MAX_DESTINATION_LENGTH - len("user::/queue/ack")
MAX_INTENT_LENGTH = 64

_canonical_email = lru_cache(10_000)(canonical_email)  # every message names its sender


def parse_email(raw: str, field: str = "email") -> Email:
    """The canonical form of an address, of at most 239 characters (contract, section 4).

    Raises `Invalid` unless there is exactly one `@` with text on both sides, and for white space, control characters
    and letters that are not normalized.
    """
    if len(raw) <= MAX_EMAIL_LENGTH:  # the canonical form is never shorter
        email = _canonical_email(raw)
        if email is None:
            raise Invalid(f"{field} is not an e-mail address", field=field)
        if len(email) <= MAX_EMAIL_LENGTH:
            return Email(email)
    raise Invalid(f"{field} must have at most {MAX_EMAIL_LENGTH} characters", field=field)


def parse_intent(raw: str, field: str = "intent") -> Intent:
    """Returns the intent unchanged. Raises `Invalid` unless it has 1 to 64 visible characters."""
    if not 0 < len(raw) <= MAX_INTENT_LENGTH or not _is_one_word(raw):
        raise Invalid(f"{field} must be 1 to {MAX_INTENT_LENGTH} visible characters without spaces", field=field)
    return Intent(raw)


def _is_one_word(raw: str) -> bool:
    return raw.isprintable() and " " not in raw  # the space is the only printable white space
