"""A person as seen for one intent; made by FlairBit, remembered by us."""

from dataclasses import dataclass
from typing import Final

from domain.identifiers import Email, Intent, ProfileId

NO_EMAIL: Final = Email("")


@dataclass(frozen=True, slots=True)
class Profile:
    """`email` is `NO_EMAIL` as long as it is not known, or when it belongs to another profile by now."""

    id: ProfileId
    email: Email
    intent: Intent
    display_name: str

    @classmethod
    def unknown(cls, profile_id: ProfileId, intent: Intent) -> "Profile":
        """Stands for a profile that is missing in the directory."""
        return cls(profile_id, NO_EMAIL, intent, "")

    @property
    def address(self) -> tuple[Email, Intent] | None:
        """By what FlairBit knows it; None without an e-mail."""
        return (self.email, self.intent) if self.email else None

    def without_email(self) -> "Profile":
        return Profile(self.id, NO_EMAIL, self.intent, self.display_name)
