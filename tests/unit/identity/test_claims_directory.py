"""People are known by their own tokens: whoever has connected can be written to."""

from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from adapters.claims.lookup import ClaimsProfileLookup
from adapters.claims.people import profile_id
from adapters.claims.tokens import RememberingTokenVerifier
from adapters.jwt.keys import StaticKeys
from adapters.jwt.verifier import JwtTokenVerifier
from adapters.memory.clock import ManualClock
from application.ports.tokens import TokenVerifier
from domain.errors import ProfileNotFound, Unauthenticated
from domain.identifiers import Email, Intent
from domain.principal import User
from tests.support.memory.outages import DirectoryWithOutages, Outage
from tests.support.people import FRIENDS, NOW

KEY = generate_private_key(65537, 2048)
ANN = Email("ann@example.org")


class World:
    def __init__(self) -> None:
        self.outage = Outage()
        self.directory = DirectoryWithOutages(self.outage)
        self.clock = ManualClock(NOW)
        verifier = JwtTokenVerifier(
            StaticKeys(KEY.public_key()), self.clock, by_email_claim=True, service_name="chat-service"
        )
        self.tokens: TokenVerifier = RememberingTokenVerifier(verifier, self.directory, self.clock)
        self.lookup = ClaimsProfileLookup(self.directory, is_open=False)

    async def connect(self, **claims: object) -> User:
        token = jwt.encode({"exp": NOW + timedelta(hours=1), **claims}, KEY, "RS256")
        principal = await self.tokens.verify(token)
        assert isinstance(principal, User)
        return principal


async def test_a_person_who_connected_has_a_profile_for_every_intent() -> None:
    world = World()
    with pytest.raises(ProfileNotFound):
        await world.lookup.find(ANN, FRIENDS)
    await world.connect(sub=ANN, name="Dr. Ann")
    friend, colleague = [await world.lookup.find(ANN, intent) for intent in (FRIENDS, Intent("work"))]
    assert (friend.display_name, friend.email, friend.intent) == ("Dr. Ann", ANN, FRIENDS)
    assert friend.id != colleague.id
    assert friend.id == profile_id(ANN, FRIENDS)


async def test_an_open_directory_has_a_profile_for_everybody() -> None:
    world = World()
    found = await ClaimsProfileLookup(world.directory, is_open=True).find(Email("bob.stone@example.org"), FRIENDS)
    assert (found.display_name, found.id) == ("Bob Stone", profile_id(found.email, FRIENDS))


async def test_a_token_without_a_name_keeps_the_remembered_name() -> None:
    world = World()
    for name in ("Ann", "Dr. Ann", None, 7, "\0", "x" * 1001, "\ud800"):
        await world.connect(sub=ANN, name=name)
    assert (await world.lookup.find(ANN, FRIENDS)).display_name == "Dr. Ann"
    await world.connect(sub="bob@example.org")
    assert (await world.lookup.find(Email("bob@example.org"), FRIENDS)).display_name == "Bob"


async def test_the_claim_email_is_used_when_sub_is_not_an_address() -> None:
    world = World()
    assert (await world.connect(sub="7f3a", email="Ann@Example.org", name="Ann")).email == ANN
    assert (await world.connect(sub="7f3a", email=ANN, email_verified=True)).email == ANN
    assert (await world.connect(sub=ANN, email="eve@example.org")).email == ANN
    for claims in ({"email": ANN, "email_verified": False}, {"email": ANN, "email_verified": "false"}, {"email": "x"}):
        with pytest.raises(Unauthenticated):
            await world.connect(sub="7f3a", **claims)


async def test_a_token_is_valid_while_the_directory_is_away() -> None:
    world = World()
    world.outage.away = True
    await world.connect(sub=ANN)
    world.outage.away = False
    with pytest.raises(ProfileNotFound):
        await world.lookup.find(ANN, FRIENDS)
    world.clock.advance(1)
    await world.connect(sub=ANN)
    assert (await world.lookup.find(ANN, FRIENDS)).email == ANN
