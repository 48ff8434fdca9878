"""A cache in front of the profile lookup, which also answers while FlairBit is away."""

from functools import partial

from adapters.caching.aging import AgingCache
from application.concurrency.single_flight import SingleFlight
from application.ports.clock import Clock
from application.ports.profiles import ProfileDirectory, ProfileLookup
from domain.errors import BadAnswer, ProfileNotFound, Unavailable
from domain.identifiers import Email, Intent
from domain.profile import Profile

Key = tuple[Email, Intent]

BAD_ANSWER_TTL = 5.0


class CachedProfileLookup:
    """Caches profiles for `ttl` seconds, and their absence for `negative_ttl` seconds.

    A `BadAnswer` is cached for `BAD_ANSWER_TTL` seconds.

    Each profile found updates `directory`, which does not add profiles that it does not know. While `lookup` is away,
    the cache gives its last answer, however old, or else the profile in `directory`.
    """

    def __init__(
        self,
        lookup: ProfileLookup,
        directory: ProfileDirectory,
        clock: Clock,
        *,
        ttl: float,
        size: int,
        negative_ttl: float,
    ) -> None:
        self._lookup = lookup
        self._directory = directory
        self._profiles: AgingCache[Key, Profile] = AgingCache(clock, ttl, size)
        # caches of their own, so that made-up addresses do not evict real profiles
        self._absent: AgingCache[Key, str] = AgingCache(clock, negative_ttl, max(1, size // 10))
        self._unusable: AgingCache[Key, str] = AgingCache(clock, min(BAD_ANSWER_TTL, negative_ttl), max(1, size // 10))
        self._flights: SingleFlight[Key, Profile] = SingleFlight()
        self.hits = 0
        """Lookups that the cache answered."""
        self.misses = 0
        """Lookups that it did not answer."""

    async def find(self, email: Email, intent: Intent) -> Profile:
        """See `ProfileLookup.find`. Concurrent calls for the same profile share one lookup."""
        key = email, intent
        if (profile := self._profiles.fresh(key)) is not None:
            self.hits += 1
            return profile
        if (detail := self._absent.fresh(key)) is not None:
            self.hits += 1
            raise ProfileNotFound(detail)
        if (detail := self._unusable.fresh(key)) is not None:
            self.hits += 1
            return await self._remembered(email, intent, BadAnswer(detail))
        self.misses += 1
        return await self._flights(key, partial(self._ask, email, intent))

    async def _ask(self, email: Email, intent: Intent) -> Profile:
        key = email, intent
        try:
            profile = await self._lookup.find(email, intent)
        except ProfileNotFound as error:
            self._absent.put(key, error.detail)
            self._profiles.discard(key)
            raise
        except Unavailable as error:
            if isinstance(error, BadAnswer):
                self._unusable.put(key, error.detail)
            return await self._remembered(email, intent, error)
        self._absent.discard(key)
        self._unusable.discard(key)
        await self._learn(key, profile)
        return profile

    async def _learn(self, key: Key, profile: Profile) -> None:
        try:
            await self._directory.update((profile,))
        except Unavailable:
            self._profiles.put_stale(key, profile)  # so that the next lookup tries to write it again
        else:
            self._profiles.put(key, profile)

    async def _remembered(self, email: Email, intent: Intent, error: Unavailable) -> Profile:
        """The last known profile. Raises `error` when there is none."""
        key = email, intent
        if self._absent.fresh_or_stale(key) is not None:  # the last answer was that there is none
            raise error
        remembered = self._profiles.fresh_or_stale(key) or await self._from_directory(email, intent)
        if remembered is None:
            raise error
        return remembered

    async def _from_directory(self, email: Email, intent: Intent) -> Profile | None:
        try:
            profiles = [profile for profile in await self._directory.of_email(email) if profile.intent == intent]
        except Unavailable:
            return None
        if len(profiles) != 1:  # only FlairBit knows which of two is valid
            return None
        self._profiles.put_stale((email, intent), profiles[0])
        return profiles[0]
