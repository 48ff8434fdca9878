"""Profiles kept in memory: how long, for whom, and what happens when the one behind is away."""

import asyncio
from uuid import uuid4

import pytest

from adapters.caching.lookup import CachedProfileLookup
from adapters.memory.clock import ManualClock
from domain.errors import BadAnswer, ProfileNotFound, Unavailable
from domain.identifiers import Intent, ProfileId
from domain.profile import Profile
from tests.support.eventually import eventually
from tests.support.identity.counting_directory import CountingDirectory
from tests.support.identity.lookups import WaywardLookup
from tests.support.people import NOW, person

ANN = person("ann")


RENAMED = Profile(ANN.id, ANN.email, ANN.intent, "Dr. Ann")


class Cached:
    """A cached lookup with all that is around it."""

    def __init__(self, *known: Profile, size: int = 100) -> None:
        self.clock = ManualClock(NOW)
        self.lookup = WaywardLookup(*known)
        self.directory = CountingDirectory()
        self.cache = CachedProfileLookup(self.lookup, self.directory, self.clock, ttl=900, size=size, negative_ttl=30)

    async def find(self, profile: Profile = ANN) -> Profile:
        return await self.cache.find(profile.email, profile.intent)


async def test_a_profile_is_looked_up_once_in_fifteen_minutes() -> None:
    cached = Cached(ANN)
    for _ in range(3):
        assert await cached.find() == ANN
    assert (cached.lookup.asked, cached.cache.hits, cached.cache.misses) == (1, 2, 1)
    cached.lookup.knows(RENAMED)
    cached.clock.advance(899)
    assert await cached.find() == ANN
    cached.clock.advance(1)
    assert await cached.find() == RENAMED
    assert cached.lookup.asked == 2


async def test_another_intent_is_another_profile() -> None:
    at_work = Profile(ProfileId(uuid4()), ANN.email, Intent("work"), "Dr. Ann")
    cached = Cached(ANN, at_work)
    assert [await cached.find(ANN), await cached.find(at_work)] == [ANN, at_work]


async def test_concurrent_calls_share_a_lookup_that_outlives_a_cancelled_call() -> None:
    cached = Cached(ANN)
    cached.lookup.gate.clear()
    tasks = [asyncio.create_task(cached.find()) for _ in range(20)]
    await eventually(lambda: cached.lookup.asked == 1 and cached.cache.misses == 20)
    tasks[0].cancel()
    await asyncio.wait([tasks[0]])
    cached.lookup.gate.set()
    assert await asyncio.gather(*tasks[1:]) == [ANN] * 19
    assert cached.lookup.asked == 1


async def test_an_absent_profile_is_looked_up_once_in_thirty_seconds() -> None:
    cached = Cached()
    for seconds, asked in ((0, 1), (29, 1), (1, 2)):
        cached.clock.advance(seconds)
        with pytest.raises(ProfileNotFound):
            await cached.find()
        assert cached.lookup.asked == asked
    cached.lookup.knows(ANN)
    cached.clock.advance(30)
    assert await cached.find() == ANN


async def test_a_bad_answer_is_cached_for_five_seconds() -> None:
    cached = Cached(ANN)
    cached.lookup.garbled = True
    for seconds, asked in ((0, 1), (4, 1), (1, 2)):
        cached.clock.advance(seconds)
        with pytest.raises(BadAnswer, match="it makes no sense"):
            await cached.find()
        assert cached.lookup.asked == asked
    cached.lookup.garbled = False
    cached.clock.advance(5)
    assert await cached.find() == ANN


async def test_a_known_profile_survives_a_bad_answer() -> None:
    cached = Cached(ANN)
    await cached.find()
    cached.lookup.garbled = True
    cached.clock.advance(900)
    for _ in range(3):
        assert await cached.find() == ANN
    assert cached.lookup.asked == 2
    cached.clock.advance(5)
    assert await cached.find() == ANN
    assert cached.lookup.asked == 3


async def test_a_deleted_profile_stays_deleted_while_the_lookup_is_away() -> None:
    cached = Cached(ANN)
    await cached.find()
    cached.lookup.knows()
    cached.clock.advance(900)
    with pytest.raises(ProfileNotFound):
        await cached.find()
    cached.clock.advance(30)
    cached.lookup.away = True
    with pytest.raises(Unavailable):
        await cached.find()


async def test_a_stale_profile_is_used_while_the_lookup_is_away() -> None:
    cached = Cached(ANN)
    await cached.find()
    cached.lookup.away = True
    cached.clock.advance(100_000)
    for _ in range(2):
        assert await cached.find() == ANN
    assert (cached.lookup.asked, cached.directory.reads) == (3, 0)
    cached.lookup.away = False
    cached.lookup.knows(RENAMED)
    assert await cached.find() == RENAMED


async def test_the_directory_answers_while_the_lookup_is_away() -> None:
    cached = Cached(RENAMED)
    cached.lookup.away = True
    with pytest.raises(Unavailable):
        await cached.find()
    at_work = Profile(ProfileId(uuid4()), ANN.email, Intent("work"), "Ann")
    await cached.directory.remember([ANN, at_work])
    reads = cached.directory.reads
    for _ in range(3):
        assert await cached.find() == ANN
    assert cached.directory.reads == reads + 1
    cached.lookup.away = False
    assert await cached.find() == RENAMED


async def test_a_lookup_fails_when_the_directory_is_away_too() -> None:
    cached = Cached(ANN)
    cached.lookup.away = cached.directory.away = True
    with pytest.raises(Unavailable):
        await cached.find()


async def test_the_directory_does_not_choose_between_two_profiles() -> None:
    cached = Cached()
    cached.lookup.away = True
    other = person("ann")
    cached.directory._profiles |= {ANN.id: ANN, other.id: other}  # as version 0.1.0 has left them
    with pytest.raises(Unavailable):
        await cached.find()


async def test_made_up_addresses_do_not_evict_profiles() -> None:
    cached = Cached(ANN, bob := person("bob"), eve := person("eve"), size=2)
    await cached.find(ANN)
    for number in range(10):
        with pytest.raises(ProfileNotFound):
            await cached.find(person(f"nobody{number}"))
    asked = cached.lookup.asked
    await cached.find(ANN)
    assert cached.lookup.asked == asked
    for profile in (bob, ANN, eve, ANN):
        await cached.find(profile)
    assert cached.lookup.asked == asked + 2
    await cached.find(bob)
    assert cached.lookup.asked == asked + 3


async def test_a_clock_that_is_set_back_makes_answers_stale() -> None:
    cached = Cached(ANN)
    await cached.find()
    cached.clock.advance(-3600)
    await cached.find()
    assert cached.lookup.asked == 2
