"""A person as seen for one intent; made by FlairBit, remembered by us."""

from dataclasses import dataclass

from domain.identifiers import Email, Intent, ProfileId


@dataclass(frozen=True, slots=True)
class Profile:
    id: ProfileId
    email: Email
    intent: Intent
    display_name: str
