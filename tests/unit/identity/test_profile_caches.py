"""Profiles kept in memory: how long, for whom, and what happens when the one behind is away."""

import asyncio
from collections.abc import Iterable, Sequence
from uuid import uuid4

import pytest

from adapters.caching.directory import CachedProfileDirectory
from adapters.caching.lookup import CachedProfileLookup
from adapters.memory.clock import ManualClock
from adapters.memory.profiles import InMemoryProfileDirectory
from domain.errors import BadAnswer, ProfileNotFound, Unavailable
from domain.identifiers import Email, Intent, ProfileId
from domain.profile import NO_EMAIL, Profile
from tests.support.eventually import eventually
from tests.support.identity.lookups import WaywardLookup
from tests.support.people import FRIENDS, NOW, person

ANN = person("ann")
RENAMED = Profile(ANN.id, ANN.email, ANN.intent, "Dr. Ann")


class CountingDirectory(InMemoryProfileDirectory):
    """Counts its calls; can be away, and slow to bring what it has read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = self.writes = 0
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def remember(self, profiles: Iterable[Profile]) -> None:
        self.writes += 1
        self._check()
        await super().remember(profiles)

    async def update(self, profiles: Iterable[Profile]) -> Sequence[Profile]:
        self.writes += 1
        self._check()
        return await super().update(profiles)

    async def get(self, profile_ids: Iterable[ProfileId]) -> Sequence[Profile]:
        self.reads += 1
        self._check()
        found = await super().get(profile_ids)
        await self.gate.wait()
        return found

    async def of_email(self, email: Email) -> Sequence[Profile]:
        self.reads += 1
        self._check()
        return await super().of_email(email)

    def _check(self) -> None:
        if self.away:
            raise Unavailable


class Cached:
    """A cached lookup with all that is around it."""

    def __init__(self, *known: Profile, size: int = 100) -> None:
        self.clock = ManualClock(NOW)
        self.lookup = WaywardLookup(*known)
        self.directory = CountingDirectory()
        self.cache = CachedProfileLookup(self.lookup, self.directory, self.clock, size=size)

    async def find(self, profile: Profile = ANN) -> Profile:
        return await self.cache.find(profile.email, profile.intent)


async def test_a_profile_is_asked_for_once_in_fifteen_minutes() -> None:
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


async def test_many_at_once_ask_once_and_one_that_leaves_leaves_alone() -> None:
    cached = Cached(ANN)
    cached.lookup.gate.clear()
    tasks = [asyncio.create_task(cached.find()) for _ in range(20)]
    await eventually(lambda: cached.lookup.asked == 1 and cached.cache.misses == 20)
    tasks[0].cancel()
    await asyncio.wait([tasks[0]])
    cached.lookup.gate.set()
    assert await asyncio.gather(*tasks[1:]) == [ANN] * 19
    assert cached.lookup.asked == 1


async def test_nobody_is_asked_for_once_in_thirty_seconds() -> None:
    cached = Cached()
    for seconds, asked in ((0, 1), (29, 1), (1, 2)):
        cached.clock.advance(seconds)
        with pytest.raises(ProfileNotFound):
            await cached.find()
        assert cached.lookup.asked == asked
    cached.lookup.knows(ANN)
    cached.clock.advance(30)
    assert await cached.find() == ANN


async def test_after_a_bad_answer_nobody_asks_about_that_one_for_five_seconds() -> None:
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


async def test_what_is_known_stands_after_a_bad_answer() -> None:
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


async def test_a_profile_that_is_gone_is_gone_even_when_the_lookup_goes_away() -> None:
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


async def test_an_old_answer_stands_while_the_lookup_is_away() -> None:
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


async def test_whom_the_directory_knows_is_found_while_the_lookup_is_away() -> None:
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


async def test_neither_lookup_nor_directory() -> None:
    cached = Cached(ANN)
    cached.lookup.away = cached.directory.away = True
    with pytest.raises(Unavailable):
        await cached.find()


async def test_of_two_profiles_for_one_intent_the_directory_cannot_choose() -> None:
    cached = Cached()
    cached.lookup.away = True
    other = person("ann")
    cached.directory._profiles |= {ANN.id: ANN, other.id: other}  # as version 0.1.0 has left them
    with pytest.raises(Unavailable):
        await cached.find()


async def test_the_least_used_are_forgotten_but_not_for_strangers_sake() -> None:
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


async def test_a_clock_set_back_does_not_keep_an_answer_for_ever() -> None:
    cached = Cached(ANN)
    await cached.find()
    cached.clock.advance(-3600)
    await cached.find()
    assert cached.lookup.asked == 2


def directory_of(behind: CountingDirectory, clock: ManualClock | None = None) -> CachedProfileDirectory:
    return CachedProfileDirectory(behind, clock or ManualClock(NOW))


async def test_a_profile_is_written_once_and_again_when_it_changed() -> None:
    behind = CountingDirectory()
    directory = directory_of(behind)
    bob = person("bob")
    for profiles in ([ANN], [ANN], [], [RENAMED], [RENAMED, bob], [RENAMED, bob]):
        await directory.remember(profiles)
    assert behind.writes == 3
    assert set(await directory.get([ANN.id, bob.id])) == {RENAMED, bob}
    assert behind.reads == 0
    assert list(await behind.get([ANN.id])) == [RENAMED]


async def test_what_was_not_written_is_not_known() -> None:
    behind = CountingDirectory()
    directory = directory_of(behind)
    behind.away = True
    for _ in range(2):
        with pytest.raises(Unavailable):
            await directory.remember([ANN])
    behind.away = False
    assert list(await directory.get([ANN.id])) == []
    await directory.remember([ANN])
    assert list(await behind.get([ANN.id])) == [ANN]


async def test_only_the_unknown_are_read_and_the_known_without_the_one_behind() -> None:
    behind, bob = CountingDirectory(), person("bob")
    await behind.remember([ANN, bob])
    clock = ManualClock(NOW)
    directory = directory_of(behind, clock)
    assert list(await directory.get([ANN.id, ANN.id])) == [ANN]
    assert set(await directory.get([ANN.id, bob.id])) == {ANN, bob}
    behind.away = True
    assert set(await directory.get([ANN.id, bob.id])) == {ANN, bob}
    assert behind.reads == 2
    behind.away = False
    await behind.remember([RENAMED])
    clock.advance(900)
    assert list(await directory.get([ANN.id])) == [RENAMED]


async def test_another_instances_profiles_are_seen_at_once() -> None:
    behind = CountingDirectory()
    ours, theirs = directory_of(behind), directory_of(behind)
    await ours.remember([ANN])
    assert list(await ours.of_email(ANN.email)) == [ANN]
    at_work = Profile(ProfileId(uuid4()), ANN.email, Intent("work"), "Dr. Ann")
    assert list(await ours.get([at_work.id])) == []
    await theirs.remember([at_work])
    assert set(await ours.of_email(ANN.email)) == {ANN, at_work}
    assert list(await ours.get([at_work.id])) == [at_work]


async def test_what_is_remembered_while_it_is_read_is_not_overwritten_by_what_was_read() -> None:
    behind = CountingDirectory()
    await behind.remember([ANN])
    directory = directory_of(behind)
    behind.gate.clear()
    reading = asyncio.create_task(directory.get([ANN.id]))
    await eventually(lambda: behind.reads == 1)
    await directory.remember([RENAMED])
    behind.gate.set()
    assert list(await reading) == [RENAMED]
    assert list(await directory.get([ANN.id])) == [RENAMED]


async def test_what_is_learned_is_written_at_once() -> None:
    cached, stranger = Cached(RENAMED), person("ann")
    await cached.directory.remember([ANN])
    await cached.find()
    assert list(await cached.directory.get([ANN.id])) == [RENAMED]
    cached.lookup.knows(stranger)
    cached.clock.advance(900)
    assert await cached.find() == stranger
    assert list(await cached.directory.of_email(ANN.email)) == [stranger]
    assert [one.email for one in await cached.directory.get([ANN.id])] == [NO_EMAIL]


async def test_what_could_not_be_written_is_asked_for_and_written_again() -> None:
    cached = Cached(RENAMED)
    await cached.directory.remember([ANN])
    cached.directory.away = True
    for asked in (1, 2):
        assert (await cached.find(), cached.lookup.asked) == (RENAMED, asked)
    cached.directory.away = False
    for _ in range(2):
        assert (await cached.find(), cached.lookup.asked) == (RENAMED, 3)
    assert list(await cached.directory.get([ANN.id])) == [RENAMED]


async def test_whose_address_was_taken_is_read_anew_as_another_instance_may_know_more() -> None:
    behind = CountingDirectory()
    ours, theirs = directory_of(behind), directory_of(behind)
    moved = Profile(ANN.id, Email("ann@new.example"), ANN.intent, ANN.display_name)
    await behind.remember([ANN])
    assert list(await ours.get([ANN.id])) == [ANN]
    await theirs.remember([moved])
    before = ours.changes
    await ours.remember([person("ann")])
    assert ours.changes > before
    assert list(await ours.get([ANN.id])) == [moved]


async def test_other_intents_are_nobodys_in_the_directory() -> None:
    cached = Cached()
    cached.lookup.away = True
    await cached.directory.remember([ANN])
    with pytest.raises(Unavailable):
        await cached.cache.find(ANN.email, Intent("work"))
    assert (await cached.cache.find(ANN.email, FRIENDS)) == ANN
