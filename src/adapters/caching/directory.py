"""A cache of the directory's profiles by id."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from cachetools import LRUCache

from adapters.caching.aging import AgingCache
from application.ports.clock import Clock
from application.ports.profiles import ProfileDirectory
from domain.identifiers import Email, Intent, ProfileId
from domain.profile import Profile


class CachedProfileDirectory:
    """Caches profiles by id. It sees changes by other instances after at most `ttl` seconds, additions at once."""

    def __init__(self, directory: ProfileDirectory, clock: Clock, *, ttl: float, size: int) -> None:
        self._directory = directory
        self._known: AgingCache[ProfileId, Profile] = AgingCache(clock, ttl, size)
        # the profiles that had an address at some time: at most one of them still has it
        self._holders: LRUCache[tuple[Email, Intent], set[ProfileId]] = LRUCache(size)
        self.changes = 0

    async def remember(self, profiles: Iterable[Profile]) -> None:
        """See `ProfileDirectory.remember`. Writes only profiles that differ from the cached ones."""
        new = [profile for profile in profiles if self._known.fresh(profile.id) != profile]
        if not new:
            return
        await self._directory.remember(new)
        for profile in new:
            self._take_address(profile)
            self._put(profile)

    async def update(self, profiles: Iterable[Profile]) -> Sequence[Profile]:
        """See `ProfileDirectory.update`. Writes only profiles that differ from the cached ones."""
        present: list[Profile] = []
        for profile in profiles:
            if self._known.fresh(profile.id) == profile:
                present.append(profile)
            elif await self._directory.update((profile,)):
                self._take_address(profile)
                self._put(profile)
                present.append(profile)
        return present

    async def get(self, profile_ids: Iterable[ProfileId]) -> Sequence[Profile]:
        """See `ProfileDirectory.get`. Reads only profiles that are not cached."""
        found: list[Profile] = []
        missing: list[ProfileId] = []
        for profile_id in set(profile_ids):
            profile = self._known.fresh(profile_id)
            if profile is None:
                missing.append(profile_id)
            else:
                found.append(profile)
        if missing:
            found += [self._newest(profile) for profile in await self._directory.get(missing)]
        return found

    async def of_email(self, email: Email) -> Sequence[Profile]:
        """See `ProfileDirectory.of_email`.

        Not cached: another instance may add a profile of this person at any time, and a new connection must get the
        messages to it. This is called once for each connection, not for each message.
        """
        return await self._directory.of_email(email)

    async def of_emails(self, emails: Collection[Email]) -> Mapping[Email, Sequence[Profile]]:
        """See `ProfileDirectory.of_emails`. Not cached, as `of_email`."""
        return await self._directory.of_emails(emails)

    def _newest(self, read: Profile) -> Profile:
        """`read`, unless the cache got a fresh profile while it was read."""
        known = self._known.fresh(read.id)
        if known is not None:
            return known
        self._put(read)
        return read

    def _put(self, profile: Profile) -> None:
        self.changes += self._known.fresh_or_stale(profile.id) not in (None, profile)
        self._known.put(profile.id, profile)
        if profile.address is not None:
            self._holders.setdefault(profile.address, set()).add(profile.id)

    def _take_address(self, profile: Profile) -> None:
        """Drops other profiles with this address from the cache, so that they are read again."""
        if profile.address is None:
            return
        for other in self._holders.pop(profile.address, set()) - {profile.id}:
            self._known.discard(other)
            self.changes += 1
