"""Confirms the addresses of the directory by the lookup: only FlairBit knows whose an address is."""

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, islice

from cachetools import LFUCache

from application.ports.profiles import ProfileDirectory, ProfileLookup
from domain.errors import ProfileNotFound, Unavailable
from domain.identifiers import Email, Intent, ProfileId
from domain.profile import Profile

MAX_INTENTS = 8
"""Intents in use that an unknown address is looked up for."""
MAX_LOOKUPS = 50
"""Lookups of one call in progress."""


class ConfirmedProfiles:
    """A `ProfileDirectory` that gives a profile its e-mail only if `lookup` finds that profile for the e-mail.

    `lookup` should cache. While it is away, the e-mails of `directory` are used. When `directory` has no profile for an
    address, the lookup is asked for the intents most in use, as FlairBit may have moved a known profile there.
    """

    def __init__(self, directory: ProfileDirectory, lookup: ProfileLookup) -> None:
        self._directory = directory
        self._lookup = lookup
        self._intents: LFUCache[Intent, None] = LFUCache(MAX_INTENTS)

    @property
    def changes(self) -> int:
        """Counts the changes of known profiles."""
        return self._directory.changes

    async def remember(self, profiles: Iterable[Profile]) -> None:
        """Adds or updates profiles. Raises `Unavailable`."""
        await self._directory.remember(profiles)

    async def update(self, profiles: Iterable[Profile]) -> Sequence[Profile]:
        """Updates profiles whose id or address is known. Raises `Unavailable`."""
        return await self._directory.update(profiles)

    async def get(self, profile_ids: Iterable[ProfileId]) -> Sequence[Profile]:
        """The known profiles among `profile_ids`, without e-mails that are not theirs any more.

        Raises `Unavailable`.
        """
        return await self._confirmed(await self._directory.get(profile_ids))

    async def of_email(self, email: Email) -> Sequence[Profile]:
        """The profiles that have `email` now, one for each intent. Raises `Unavailable`."""
        return (await self.of_emails([email]))[email]

    async def of_emails(self, emails: Collection[Email]) -> Mapping[Email, Sequence[Profile]]:
        """The profiles that each of `emails` has now, one for each intent. Raises `Unavailable`."""
        known = await self._directory.of_emails(emails)
        confirmed = iter(await self._confirmed(list(chain.from_iterable(known.values()))))
        found: dict[Email, Sequence[Profile]] = {
            email: list(islice(confirmed, len(profiles))) for email, profiles in known.items()
        }
        unknown = [email for email, profiles in found.items() if not profiles]
        if unknown and self._intents:
            for email in unknown:
                await asyncio.gather(*(self._learn(email, intent) for intent in tuple(self._intents)))
            found |= await self._directory.of_emails(unknown)
        return {email: [profile for profile in profiles if profile.email == email] for email, profiles in found.items()}

    async def _learn(self, email: Email, intent: Intent) -> None:
        """Looks the address up. The lookup adds what it finds to the directory."""
        with contextlib.suppress(ProfileNotFound, Unavailable):
            await self._lookup.find(email, intent)

    async def _confirmed(self, profiles: Sequence[Profile]) -> Sequence[Profile]:
        for intent in {profile.intent for profile in profiles}:
            self._intents[intent] = None
        if len(profiles) <= 2:  # a session has two, and this is on the path of every message
            return [await self._confirm(profile) for profile in profiles]
        room = asyncio.Semaphore(MAX_LOOKUPS)

        async def confirm(profile: Profile) -> Profile:
            async with room:
                return await self._confirm(profile)

        return await asyncio.gather(*map(confirm, profiles))

    async def _confirm(self, profile: Profile) -> Profile:
        current = await self._current(profile)
        if current.address is not None or profile.address is None:
            return current
        # another instance may have learned the new address meanwhile
        for read in await self._directory.get((profile.id,)):
            if read.address not in (None, profile.address):
                return await self._current(read)
        return current

    async def _current(self, profile: Profile) -> Profile:
        if profile.address is None:
            return profile
        try:
            found = await self._lookup.find(*profile.address)
        except ProfileNotFound:
            return profile.without_email()
        except Unavailable:
            return profile
        return found if found.id == profile.id else profile.without_email()
