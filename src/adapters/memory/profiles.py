"""Profiles in memory: a lookup in a list, a lookup that invents profiles, and the directory."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import NAMESPACE_URL, uuid5

from domain.errors import ProfileNotFound
from domain.identifiers import Email, Intent, ProfileId
from domain.profile import Profile


class InMemoryProfileLookup:
    """Finds the profiles that it was made with."""

    def __init__(self, profiles: Iterable[Profile] = ()) -> None:
        self._profiles = {(profile.email, profile.intent): profile for profile in profiles}

    async def find(self, email: Email, intent: Intent) -> Profile:
        """See `ProfileLookup.find`."""
        try:
            return self._profiles[email, intent]
        except KeyError:
            raise ProfileNotFound from None


class EmbeddedProfileLookup:
    """Invents a stable profile for any e-mail and intent, so that a developer needs no FlairBit."""

    async def find(self, email: Email, intent: Intent, *, once: bool = False) -> Profile:
        """See `ProfileLookup.find`."""
        name = email.partition("@")[0].replace(".", " ").title()
        return Profile(ProfileId(uuid5(NAMESPACE_URL, f"mailto:{email}?intent={intent}")), email, intent, name)


class InMemoryProfileDirectory:
    """Keeps profiles in memory."""

    def __init__(self) -> None:
        self._profiles: dict[ProfileId, Profile] = {}
        self.changes = 0

    async def remember(self, profiles: Iterable[Profile]) -> None:
        """See `ProfileDirectory.remember`."""
        for profile in profiles:
            for known in list(self._profiles.values()):
                if known.id != profile.id and known.address == profile.address:
                    self._put(known.without_email())
            self._put(profile)

    async def update(self, profiles: Iterable[Profile]) -> Sequence[Profile]:
        """See `ProfileDirectory.update`."""
        known = [profile for profile in profiles if profile.id in self._profiles or self._is_taken(profile)]
        await self.remember(known)
        return known

    def _is_taken(self, profile: Profile) -> bool:
        """Whether a known profile has the address of `profile`."""
        return profile.address in {known.address for known in self._profiles.values()} - {None}

    def _put(self, profile: Profile) -> None:
        self.changes += self._profiles.get(profile.id, profile) != profile
        self._profiles[profile.id] = profile

    async def get(self, profile_ids: Iterable[ProfileId]) -> Sequence[Profile]:
        """See `ProfileDirectory.get`."""
        return [self._profiles[profile_id] for profile_id in set(profile_ids) if profile_id in self._profiles]

    async def of_email(self, email: Email) -> Sequence[Profile]:
        """See `ProfileDirectory.of_email`."""
        return [profile for profile in self._profiles.values() if profile.email == email]

    async def of_emails(self, emails: Collection[Email]) -> Mapping[Email, Sequence[Profile]]:
        """See `ProfileDirectory.of_emails`."""
        return {email: await self.of_email(email) for email in emails}
