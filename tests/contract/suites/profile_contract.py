"""What every lookup of profiles promises. An adapter's test gives a `lookup` fixture that knows `KNOWN`."""

import asyncio
from uuid import UUID

import pytest

from application.ports.profiles import ProfileLookup
from domain.errors import ProfileNotFound
from domain.identifiers import Email, Intent, ProfileId
from domain.profile import Profile
from tests.support.people import FRIENDS

ANN, BOB = Email("ann@example.org"), Email("bob@example.org")
WORK = Intent("work/life & more")
KNOWN = tuple(
    Profile(ProfileId(UUID(int=number)), email, intent, f"{email} – {intent}")
    for number, (email, intent) in enumerate([(ANN, FRIENDS), (ANN, WORK), (BOB, FRIENDS)], start=1)
)


class ProfileLookupContract:
    makes_people_up = False

    async def test_a_profile_has_the_email_and_intent_asked_for(self, lookup: ProfileLookup) -> None:
        for known in KNOWN:
            found = await lookup.find(known.email, known.intent)
            assert (found.email, found.intent) == (known.email, known.intent)
            assert found == known or self.makes_people_up

    async def test_a_profile_is_the_same_at_every_lookup(self, lookup: ProfileLookup) -> None:
        found = await asyncio.gather(*(lookup.find(ANN, FRIENDS) for _ in range(20)))
        assert set(found) == {await lookup.find(ANN, FRIENDS)}

    async def test_each_person_and_intent_has_its_own_profile(self, lookup: ProfileLookup) -> None:
        found = [await lookup.find(known.email, known.intent) for known in KNOWN]
        assert len({profile.id for profile in found}) == len(KNOWN)

    async def test_an_unknown_person_is_not_found(self, lookup: ProfileLookup) -> None:
        if self.makes_people_up:
            return
        for email, intent in ((Email("eve@example.org"), FRIENDS), (BOB, WORK)):
            for _ in range(2):
                with pytest.raises(ProfileNotFound):
                    await lookup.find(email, intent)
