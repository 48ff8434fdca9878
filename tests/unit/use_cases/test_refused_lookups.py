"""A request that is refused asks FlairBit no more than it must, and leaves nothing behind."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import pytest

from adapters.memory.broker import InProcessBroker
from application.commands import MarkSeenCommand, SendMessageCommand
from domain.errors import NotAParticipant, ProfileNotFound
from domain.identifiers import ClientMessageId, Intent, SessionId
from tests.support.identity.lookups import WaywardLookup
from tests.support.memory.service import ANN, BOB, EVE, Service
from tests.support.people import FRIENDS, person

Call = Callable[[Service, SessionId, Intent], Awaitable[object]]
KNOWN = [person(name, Intent(intent)) for name in ("ann", "bob", "eve") for intent in ("friends", "made-up")]


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service(InProcessBroker(), lookup=WaywardLookup(*KNOWN), profile_ttl=60)
    await service.start()
    yield service
    await service.stop()


def send(service: Service, session_id: SessionId, intent: Intent) -> Awaitable[object]:
    command = SendMessageCommand(session_id, ANN.email, intent, "hello", ClientMessageId(uuid4()))
    return service.send(ANN, command, "http")


def unread(service: Service, session_id: SessionId, intent: Intent) -> Awaitable[object]:
    return service.unread(ANN, session_id, ANN.email, intent)


def seen(service: Service, session_id: SessionId, intent: Intent) -> Awaitable[object]:
    return service.seen(ANN, MarkSeenCommand(session_id, ANN.email, intent, 1))


def ids(service: Service) -> set[object]:
    assert service.remembered is not None
    return set(service.remembered._profiles)


@pytest.mark.parametrize("call", [send, unread, seen])
async def test_another_intent_than_that_of_the_session_causes_no_lookup(service: Service, call: Call) -> None:
    session_id = (await service.init(ANN, ANN.email, BOB.email, FRIENDS)).id
    lookup, known = service.lookup, ids(service)
    assert isinstance(lookup, WaywardLookup)
    asked = lookup.asked
    for intent in ("made-up", "unheard-of"):
        with pytest.raises(NotAParticipant):
            await call(service, session_id, Intent(intent))
    assert lookup.asked == asked
    assert ids(service) == known


async def test_a_refused_profile_is_not_remembered(service: Service) -> None:
    session_id = (await service.init(ANN, ANN.email, BOB.email, FRIENDS)).id
    known = ids(service)
    with pytest.raises(NotAParticipant):
        await service.history(EVE, session_id, limit=9, before=None, after=None)
    with pytest.raises(ProfileNotFound):
        await service.init(EVE, EVE.email, person("nobody").email, Intent("made-up"))
    assert ids(service) == known
