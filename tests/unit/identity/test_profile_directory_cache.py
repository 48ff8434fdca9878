"""The directory of profiles kept in memory: what is written, what is read again, and when."""

import asyncio
from uuid import uuid4

import pytest

from adapters.caching.directory import CachedProfileDirectory
from adapters.memory.clock import ManualClock
from domain.errors import Unavailable
from domain.identifiers import Email, Intent, ProfileId
from domain.profile import NO_EMAIL, Profile
from tests.support.eventually import eventually
from tests.support.identity.counting_directory import CountingDirectory
from tests.support.people import FRIENDS, NOW, person
from tests.unit.identity.test_profile_caches import ANN, RENAMED, Cached


def directory_of(behind: CountingDirectory, clock: ManualClock | None = None) -> CachedProfileDirectory:
    return CachedProfileDirectory(behind, clock or ManualClock(NOW), ttl=900, size=100)


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


async def test_a_failed_write_is_not_cached() -> None:
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


async def test_only_profiles_that_are_not_cached_are_read() -> None:
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


async def test_additions_of_another_instance_are_seen_at_once() -> None:
    behind = CountingDirectory()
    ours, theirs = directory_of(behind), directory_of(behind)
    await ours.remember([ANN])
    assert list(await ours.of_email(ANN.email)) == [ANN]
    at_work = Profile(ProfileId(uuid4()), ANN.email, Intent("work"), "Dr. Ann")
    assert list(await ours.get([at_work.id])) == []
    await theirs.remember([at_work])
    assert set(await ours.of_email(ANN.email)) == {ANN, at_work}
    assert list(await ours.get([at_work.id])) == [at_work]


async def test_a_write_during_a_read_wins() -> None:
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


async def test_a_changed_profile_is_written_at_once() -> None:
    cached, stranger = Cached(RENAMED), person("ann")
    await cached.directory.remember([ANN])
    await cached.find()
    assert list(await cached.directory.get([ANN.id])) == [RENAMED]
    cached.lookup.knows(stranger)
    cached.clock.advance(900)
    assert await cached.find() == stranger
    assert list(await cached.directory.of_email(ANN.email)) == [stranger]
    assert [one.email for one in await cached.directory.get([ANN.id])] == [NO_EMAIL]


async def test_a_profile_that_could_not_be_written_is_looked_up_and_written_again() -> None:
    cached = Cached(RENAMED)
    await cached.directory.remember([ANN])
    cached.directory.away = True
    for asked in (1, 2):
        assert (await cached.find(), cached.lookup.asked) == (RENAMED, asked)
    cached.directory.away = False
    for _ in range(2):
        assert (await cached.find(), cached.lookup.asked) == (RENAMED, 3)
    assert list(await cached.directory.get([ANN.id])) == [RENAMED]


async def test_a_profile_is_read_again_when_another_takes_its_address() -> None:
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


async def test_the_directory_gives_no_profile_of_another_intent() -> None:
    cached = Cached()
    cached.lookup.away = True
    await cached.directory.remember([ANN])
    with pytest.raises(Unavailable):
        await cached.cache.find(ANN.email, Intent("work"))
    assert (await cached.cache.find(ANN.email, FRIENDS)) == ANN
