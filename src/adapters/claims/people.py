"""Derives ids and names from an e-mail, so that every instance derives the same."""

from typing import Final
from uuid import UUID, uuid5

from domain.identifiers import Email, Intent, ProfileId
from domain.profile import Profile

_NAMESPACE: Final = UUID("8a4e2f5d-3c0b-5a76-9d41-6b7f0c1e2a93")
_ANY_INTENT: Final = Intent("")  # no session has it: an intent is never empty


def profile_id(email: Email, intent: Intent) -> ProfileId:
    """The id of a person for an intent. It must never change: sessions and messages are stored under it."""
    return ProfileId(uuid5(_NAMESPACE, f"{email} {intent}"))  # neither part contains a space


def person_of(email: Email, display_name: str) -> Profile:
    """The profile under which the directory keeps a person, for all intents."""
    return Profile(profile_id(email, _ANY_INTENT), email, _ANY_INTENT, display_name or name_from(email))


def name_from(email: Email) -> str:
    """A display name from the local part: `Bob Stone` for `bob.stone@example.org`."""
    return email.partition("@")[0].replace(".", " ").title()
