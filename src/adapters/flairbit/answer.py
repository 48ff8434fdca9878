"""Reads and checks FlairBit's answers."""

from uuid import UUID

import msgspec

from domain.email_address import canonical_email
from domain.errors import BadAnswer
from domain.identifiers import Email, Intent, ProfileId
from domain.profile import Profile

MAX_NAME_LENGTH = 1_000


class _ProfileChatDto(msgspec.Struct, rename="camel"):
    id: UUID
    display_name: str
    email: str | None = None


def parse_profile(body: bytes, email: Email, intent: Intent) -> Profile:
    """The profile in an answer to a question about `email` and `intent`. Raises `BadAnswer` for anything else."""
    try:
        answer = msgspec.json.decode(body, type=_ProfileChatDto)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # a string may hold bytes that are not UTF-8
        raise BadAnswer("FlairBit's answer cannot be read") from None
    if answer.email is not None and canonical_email(answer.email) != email:
        raise BadAnswer("FlairBit answered with the profile of somebody else")
    # PostgreSQL's text cannot hold NUL, and every message repeats the name
    if "\0" in answer.display_name or len(answer.display_name) > MAX_NAME_LENGTH:
        raise BadAnswer("FlairBit answered with a name that cannot be used")
    return Profile(ProfileId(answer.id), email, intent, answer.display_name)
