"""Names of things, and how a name from outside becomes one of ours."""

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

MAX_DESTINATION_LENGTH = 255  # what the outbox has room for
# The RFC allows 254, but an ack is addressed to the e-mail, and that destination has to fit the outbox too.
MAX_EMAIL_LENGTH = MAX_DESTINATION_LENGTH - len("user::/queue/ack")
MAX_INTENT_LENGTH = 64

_canonical_email = lru_cache(10_000)(canonical_email)  # every message names its sender


def parse_email(raw: str, field: str = "email") -> Email:
    """The canonical address of at most 239 characters (contract, section 4).

    Raises `Invalid` without one `@`, with an empty side, white space, controls, or letters that have another form.
    """
    if len(raw) <= MAX_EMAIL_LENGTH:  # a canonical form is never the shorter one
        email = _canonical_email(raw)
        if email is None:
            raise Invalid(f"{field} is not an e-mail address", field=field)
        if len(email) <= MAX_EMAIL_LENGTH:
            return Email(email)
    raise Invalid(f"{field} must have at most {MAX_EMAIL_LENGTH} characters", field=field)


def parse_intent(raw: str, field: str = "intent") -> Intent:
    """The intent as given: 1 to 64 visible characters. Raises `Invalid`."""
    if not 0 < len(raw) <= MAX_INTENT_LENGTH or not _is_one_word(raw):
        raise Invalid(f"{field} must be 1 to {MAX_INTENT_LENGTH} visible characters without spaces", field=field)
    return Intent(raw)


def _is_one_word(raw: str) -> bool:
    return raw.isprintable() and " " not in raw  # of all white space the space alone is printable
