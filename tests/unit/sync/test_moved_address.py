"""A token whose address has moved to another profile is reset; one whose user has a profile more is not."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from adapters.memory.broker import InProcessBroker
from domain.errors import SyncReset
from domain.identifiers import Email, Intent
from domain.principal import User
from domain.profile import Profile
from tests.support.identity.lookups import WaywardLookup
from tests.support.memory.service import Service
from tests.support.people import FRIENDS, NOW, person

TTL = 60.0
WORK = Intent("work")
KATE, NEXT_KATE, AT_WORK, BOB = person("kate"), person("kate"), person("kate", WORK), person("bob")
MOVED = Profile(KATE.id, Email("kate@new.example"), FRIENDS, "Kate")
BOB_AT_WORK = person("bob", WORK)
USER = User(KATE.email, NOW + timedelta(days=1))


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service(InProcessBroker(), lookup=WaywardLookup(KATE, BOB, AT_WORK, BOB_AT_WORK), profile_ttl=TTL)
    await service.start()
    await service.init(USER, KATE.email, BOB.email, FRIENDS)
    yield service
    await service.stop()


async def test_a_token_of_an_address_that_has_moved_is_reset_once(service: Service) -> None:
    sync = service.container.sync_changes()
    token = sync.write(await sync.now(USER))
    assert isinstance(service.lookup, WaywardLookup)
    service.lookup.knows(MOVED, NEXT_KATE, BOB)
    service.clock.advance(TTL)
    session = await service.init(USER, KATE.email, BOB.email, FRIENDS)
    with pytest.raises(SyncReset, match="another profile"):
        await sync.check(USER, token)
    page = await sync.page(USER, await sync.everything(USER), 10)
    while page.more:
        of_sessions = [event.body for event in page.events if not event.body.startswith('{"type":"unread"')]
        assert all(str(session.id) in body for body in of_sessions)
        page = await sync.page(USER, page.next, 10)
    await sync.check(USER, sync.write(page.next))


async def test_a_token_of_a_user_with_a_profile_more_goes_on(service: Service) -> None:
    sync = service.container.sync_changes()
    token = sync.write(await sync.now(USER))
    await service.init(USER, KATE.email, BOB.email, WORK)
    page = await sync.read(USER, token, 10)
    assert '"work"' in page.events[0].body
    while page.more:
        page = await sync.page(USER, page.next, 10)
    await sync.check(USER, sync.write(page.next))
