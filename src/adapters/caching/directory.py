"""The directory's profiles by id, kept in this process."""

from collections.abc import Iterable, Sequence

from cachetools import LRUCache

from adapters.caching.aging import AgingCache
from application.ports.clock import Clock
from application.ports.profiles import ProfileDirectory
from domain.identifiers import Email, Intent, ProfileId
from domain.profile import Profile


class CachedProfileDirectory:
    """What another instance changes is seen after `ttl` seconds; what it adds, at once."""

    def __init__(self, directory: ProfileDirectory, clock: Clock, *, ttl: float = 900.0, size: int = 50_000) -> None:
        self._directory = directory
        self._known: AgingCache[ProfileId, Profile] = AgingCache(clock, ttl, size)
        # who was seen to have an address: one of them at most still has it
        self._holders: LRUCache[tuple[Email, Intent], set[ProfileId]] = LRUCache(size)
        self.changes = 0

    async def remember(self, profiles: Iterable[Profile]) -> None:
        new = [profile for profile in profiles if self._known.fresh(profile.id) != profile]
        if not new:
            return
        await self._directory.remember(new)
        for profile in new:
            self._take_address(profile)
            self._put(profile)

    async def update(self, profiles: Iterable[Profile]) -> Sequence[Profile]:
        here: list[Profile] = []
        for profile in profiles:
            if self._known.fresh(profile.id) == profile:
                here.append(profile)
            elif await self._directory.update((profile,)):
                self._take_address(profile)
                self._put(profile)
                here.append(profile)
        return here

    async def get(self, profile_ids: Iterable[ProfileId]) -> Sequence[Profile]:
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
        # never from the cache: any instance may remember another profile of the same person at any time, and who has
        # connected would not be sent what is addressed to it; it is asked once a connection, not once a message
        return await self._directory.of_email(email)

    def _newest(self, read: Profile) -> Profile:
        """`read`, unless it was remembered anew while it was being read."""
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
        """Whoever had it before is read anew: another instance may have learned where it is now."""
        if profile.address is None:
            return
        for other in self._holders.pop(profile.address, set()) - {profile.id}:
            self._known.discard(other)
            self.changes += 1
