"""Profiles: a person for one intent. FlairBit makes them, the directory remembers them."""

from dataclasses import dataclass
from typing import Final

from domain.identifiers import Email, Intent, ProfileId

NO_EMAIL: Final = Email("")


@dataclass(frozen=True, slots=True)
class Profile:
    """A person for one intent.

    `email` is `NO_EMAIL` when it is not known, or when it belongs to another profile now.
    """

    id: ProfileId
    email: Email
    intent: Intent
    display_name: str

    @classmethod
    def unknown(cls, profile_id: ProfileId, intent: Intent) -> "Profile":
        """A placeholder for a profile that the directory does not have."""
        return cls(profile_id, NO_EMAIL, intent, "")

    @property
    def address(self) -> tuple[Email, Intent] | None:
        """The e-mail and intent by which FlairBit finds this profile. None without an e-mail."""
        return (self.email, self.intent) if self.email else None

    def without_email(self) -> "Profile":
        """This profile with `NO_EMAIL`."""
        return Profile(self.id, NO_EMAIL, self.intent, self.display_name)
