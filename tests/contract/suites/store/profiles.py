"""What every directory of profiles promises."""

import asyncio

from domain.identifiers import Intent
from domain.profile import Profile
from tests.contract.suites.store.contract import Contract, Repositories
from tests.support.people import person


class ProfileDirectoryContract(Contract):
    async def test_profiles_are_found_by_id_and_email(self, repositories: Repositories) -> None:
        ann, bob = person("ann"), person("bob")
        ann_at_work = Profile(person("ann").id, ann.email, Intent("work"), "Dr. Ann")
        await repositories.directory.remember((ann, ann_at_work, bob))
        assert set(await repositories.directory.of_email(ann.email)) == {ann, ann_at_work}
        found = await repositories.directory.of_emails([ann.email, bob.email, person("eve").email])
        assert {email: set(profiles) for email, profiles in found.items()} == {
            ann.email: {ann, ann_at_work},
            bob.email: {bob},
            person("eve").email: set(),
        }
        assert list(await repositories.directory.get([bob.id, person("eve").id])) == [bob]
        assert list(await repositories.directory.get([])) == []

    async def test_a_profile_is_brought_up_to_date(self, repositories: Repositories) -> None:
        ann = person("ann")
        await repositories.directory.remember([ann])
        married = Profile(ann.id, person("anna").email, ann.intent, "Anna")
        await repositories.directory.remember([married])
        assert list(await repositories.directory.get([ann.id])) == [married]
        assert list(await repositories.directory.of_email(ann.email)) == []

    async def test_an_address_is_that_of_one_profile_for_an_intent(self, repositories: Repositories) -> None:
        directory, ann, stranger = repositories.directory, person("ann"), person("ann")
        at_work = Profile(person("ann").id, ann.email, Intent("work"), "Dr. Ann")
        await directory.remember([ann, at_work])
        await directory.remember([stranger])
        assert set(await directory.of_email(ann.email)) == {stranger, at_work}
        assert list(await directory.get([ann.id])) == [ann.without_email()]
        moved = Profile(ann.id, person("kate").email, ann.intent, ann.display_name)
        await directory.remember([moved])
        assert set(await directory.get([ann.id, stranger.id])) == {moved, stranger}

    async def test_an_update_adds_no_profile(self, repositories: Repositories) -> None:
        directory, ann, bob = repositories.directory, person("ann"), person("bob")
        await directory.remember([ann, person("kate").without_email()])
        renamed = Profile(ann.id, ann.email, ann.intent, "Anna")
        nobody = person("nobody").without_email()
        assert list(await directory.update([bob, renamed, nobody])) == [renamed]
        assert list(await directory.get([ann.id, bob.id, nobody.id])) == [renamed]
        stranger = person("ann")
        assert list(await directory.update([stranger])) == [stranger]
        assert set(await directory.get([ann.id, stranger.id])) == {renamed.without_email(), stranger}
        await directory.remember([bob])
        assert list(await directory.get([bob.id])) == [bob]

    async def test_any_number_of_profiles_may_be_without_an_address(self, repositories: Repositories) -> None:
        nobodies = [person(name).without_email() for name in ("ann", "bob")]
        await repositories.directory.remember(nobodies)
        assert set(await repositories.directory.get([one.id for one in nobodies])) == set(nobodies)

    async def test_a_change_of_a_known_profile_is_counted(self, repositories: Repositories) -> None:
        directory, ann = repositories.directory, person("ann")
        await directory.remember([ann])
        counts = [directory.changes]
        for profile in (ann, person("bob"), Profile(ann.id, ann.email, ann.intent, "Anna"), person("ann")):
            await directory.remember([profile])
            counts.append(directory.changes)
        assert counts[0] == counts[1] == counts[2] < counts[3] < counts[4]

    async def test_racing_writers_of_the_same_addresses_all_end(self, repositories: Repositories) -> None:
        people = [person(name) for name in ("ann", "bob") for _ in range(10)]
        turns = [people[turn:] + people[:turn] for turn in range(len(people))]
        await asyncio.gather(*(repositories.directory.remember([turn[0], turn[11]]) for turn in turns))
        known = await repositories.directory.get([one.id for one in people])
        assert len(known) == len(people)
