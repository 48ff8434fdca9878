"""Who a person is for an intent, asked once in a while, and known still when nobody can be asked."""

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
    """A profile is asked for again after `ttl` seconds, one that does not exist after `negative_ttl`.

    After a `BadAnswer` about somebody nobody asks again for `BAD_ANSWER_TTL` seconds.

    What it says of somebody whom `directory` knows is written there at once; nobody is added. While it is away, what it
    said last stands, however old; of whom it said nothing yet, `directory` may know.
    """

    def __init__(
        self,
        lookup: ProfileLookup,
        directory: ProfileDirectory,
        clock: Clock,
        *,
        ttl: float = 900.0,
        size: int = 50_000,
        negative_ttl: float = 30.0,
    ) -> None:
        self._lookup = lookup
        self._directory = directory
        self._profiles: AgingCache[Key, Profile] = AgingCache(clock, ttl, size)
        # kept apart, so that made-up addresses push out no real ones
        self._absent: AgingCache[Key, str] = AgingCache(clock, negative_ttl, max(1, size // 10))
        self._unusable: AgingCache[Key, str] = AgingCache(clock, min(BAD_ANSWER_TTL, negative_ttl), max(1, size // 10))
        self._flights: SingleFlight[Key, Profile] = SingleFlight()
        self.hits = 0
        """Lookups answered from the cache at once."""
        self.misses = 0
        """All others."""

    async def find(self, email: Email, intent: Intent) -> Profile:
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
            self._profiles.put_stale(key, profile)  # asked for again, and written then
        else:
            self._profiles.put(key, profile)

    async def _remembered(self, email: Email, intent: Intent, error: Unavailable) -> Profile:
        """What was known before `error`, which is raised when nothing was."""
        key = email, intent
        if self._absent.fresh_or_stale(key) is not None:  # the last that was said is that there is none
            raise error
        remembered = self._profiles.fresh_or_stale(key) or await self._from_directory(email, intent)
        if remembered is None:
            raise error
        return remembered

    async def _from_directory(self, email: Email, intent: Intent) -> Profile | None:
        try:
            profiles = [one for one in await self._directory.of_email(email) if one.intent == intent]
        except Unavailable:
            return None
        if len(profiles) != 1:  # of two, only FlairBit knows which one still stands
            return None
        self._profiles.put_stale((email, intent), profiles[0])
        return profiles[0]
