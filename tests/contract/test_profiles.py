"""Every lookup and every directory of profiles keeps the same promises."""

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import unquote

import msgspec
import pytest
from aiohttp import web

from adapters.caching.directory import CachedProfileDirectory
from adapters.caching.lookup import CachedProfileLookup
from adapters.claims.lookup import ClaimsProfileLookup
from adapters.flairbit.circuit import CircuitBreakingLookup
from adapters.flairbit.client import FlairBitProfileLookup
from adapters.memory.clock import ManualClock
from adapters.memory.profiles import EmbeddedProfileLookup, InMemoryProfileDirectory, InMemoryProfileLookup
from application.ports.profiles import ProfileDirectory, ProfileLookup
from tests.contract.suites.profile_contract import KNOWN, ProfileLookupContract
from tests.contract.suites.store.contract import Repositories
from tests.contract.suites.store.profiles import ProfileDirectoryContract
from tests.support.network.http_server import answers, http_server
from tests.support.people import NOW


async def flairbit(request: web.Request) -> web.StreamResponse:
    """Answers as FlairBit does."""
    *_, email, _, intent = (unquote(segment) for segment in request.raw_path.split("/"))
    for known in KNOWN:
        if (known.email, known.intent) == (email, intent):
            body = {"id": known.id, "email": known.email, "displayName": known.display_name}
            return await answers(200, msgspec.json.encode(body))(request)
    return await answers(404)(request)


class TestInMemoryLookup(ProfileLookupContract):
    @pytest.fixture
    def lookup(self) -> ProfileLookup:
        return InMemoryProfileLookup(KNOWN)


class TestEmbeddedLookup(ProfileLookupContract):
    makes_people_up = True

    @pytest.fixture
    def lookup(self) -> ProfileLookup:
        return EmbeddedProfileLookup()


class TestClaimsLookup(ProfileLookupContract):
    makes_people_up = True

    @pytest.fixture
    def lookup(self) -> ProfileLookup:
        return ClaimsProfileLookup(InMemoryProfileDirectory(), is_open=True)


class TestFlairBitLookup(ProfileLookupContract):
    @pytest.fixture
    async def lookup(self) -> AsyncIterator[ProfileLookup]:
        async with http_server() as server:
            server.will(flairbit)
            client = FlairBitProfileLookup(server.url, lambda: "a.b.c", timeout=10, try_timeout=10, tries=1)
            yield CircuitBreakingLookup(client, ManualClock(NOW), fail_max=5, open_for=30)
            await client.close()


class TestCachedLookup(ProfileLookupContract):
    @pytest.fixture
    def lookup(self) -> ProfileLookup:
        return CachedProfileLookup(
            InMemoryProfileLookup(KNOWN),
            InMemoryProfileDirectory(),
            ManualClock(NOW),
            ttl=900,
            size=100,
            negative_ttl=30,
        )


class TestCachedDirectory(ProfileDirectoryContract):
    @pytest.fixture
    def directory(self) -> ProfileDirectory:
        return InMemoryProfileDirectory()

    @pytest.fixture
    def repositories(self, directory: ProfileDirectory) -> Repositories:
        clock = ManualClock(NOW)
        return replace(
            Repositories.in_memory(clock), directory=CachedProfileDirectory(directory, clock, ttl=900, size=100)
        )
