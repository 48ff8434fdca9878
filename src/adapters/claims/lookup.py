"""Profiles of people whose tokens were seen."""

from adapters.claims.people import name_from, person_of, profile_id
from application.ports.profiles import ProfileDirectory
from domain.errors import ProfileNotFound
from domain.identifiers import Email, Intent
from domain.profile import Profile


class ClaimsProfileLookup:
    """Whoever has connected has a profile for any intent. With `is_open`, so has everybody else.

    `directory` holds the people, as `people.person_of` makes them.
    """

    def __init__(self, directory: ProfileDirectory, *, is_open: bool) -> None:
        self._directory = directory
        self._is_open = is_open

    async def find(self, email: Email, intent: Intent) -> Profile:
        """Raises `ProfileNotFound` for who has never connected, `Unavailable`."""
        return Profile(profile_id(email, intent), email, intent, await self._name(email))

    async def _name(self, email: Email) -> str:
        nobody = person_of(email, "")
        for known in await self._directory.get((nobody.id,)):
            return known.display_name
        if not self._is_open:
            raise ProfileNotFound("this person has never connected")
        return name_from(email)
