"""One person's lookups leave room for those of others."""

import asyncio

import pytest

from application.access.limited_lookups import LimitedLookups
from domain.errors import ProfileNotFound, RateLimited
from domain.identifiers import Email
from tests.support.eventually import eventually
from tests.support.identity.lookups import WaywardLookup
from tests.support.people import FRIENDS, person

ANN, BOB = person("ann"), person("bob")


async def test_each_person_has_a_limit_of_concurrent_lookups() -> None:
    lookup = WaywardLookup(ANN, BOB)
    lookup.gate.clear()
    lookups = LimitedLookups(lookup, max_at_once=2)
    made_up = [Email(f"{number}@example.org") for number in range(10)]
    calls = [asyncio.create_task(lookups.find(ANN.email, email, FRIENDS)) for email in made_up]
    await eventually(lambda: lookup.asked == 2)
    other = asyncio.create_task(lookups.find(BOB.email, BOB.email, FRIENDS))
    await eventually(lambda: lookup.asked == 3)
    lookup.gate.set()
    assert await other == BOB
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ProfileNotFound] * 10


async def test_a_lookup_that_waits_too_long_is_rate_limited() -> None:
    lookup = WaywardLookup(ANN)
    lookup.gate.clear()
    lookups = LimitedLookups(lookup, max_at_once=1, patience=0.01)
    first = asyncio.create_task(lookups.find(ANN.email, ANN.email, FRIENDS))
    await eventually(lambda: lookup.asked == 1)
    with pytest.raises(RateLimited):
        await lookups.find(ANN.email, BOB.email, FRIENDS)
    lookup.gate.set()
    assert await first == ANN
