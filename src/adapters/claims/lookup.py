"""Looks up the profiles of people whose tokens the service has verified."""

from adapters.claims.people import name_from, person_of, profile_id
from application.ports.profiles import ProfileDirectory
from domain.errors import ProfileNotFound
from domain.identifiers import Email, Intent
from domain.profile import Profile


class ClaimsProfileLookup:
    """Gives everybody who has connected a profile for any intent. With `is_open`, everybody else too.

    `directory` holds people in the form of `people.person_of`.
    """

    def __init__(self, directory: ProfileDirectory, *, is_open: bool) -> None:
        self._directory = directory
        self._is_open = is_open

    async def find(self, email: Email, intent: Intent) -> Profile:
        """The profile of `email` for `intent`.

        Raises `ProfileNotFound` for a person who has never connected, and `Unavailable` when the directory is away.
        """
        return Profile(profile_id(email, intent), email, intent, await self._name(email))

    async def _name(self, email: Email) -> str:
        person = person_of(email, "")
        for known in await self._directory.get((person.id,)):
            return known.display_name
        if not self._is_open:
            raise ProfileNotFound("this person has never connected")
        return name_from(email)
