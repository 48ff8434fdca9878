"""The sessions of a person: whose they are, what is told of each, and a cursor that nothing but ours survives."""

import contextlib
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.memory.broker import InProcessBroker
from adapters.memory.profiles import EmbeddedProfileLookup
from adapters.memory.store.messages import InMemoryMessageRepository
from application.commands import SendMessageCommand
from application.ports.sessions import SessionPosition
from application.use_cases.list_sessions import SessionPage
from application.wire.positions.session_cursor import decode_cursor, encode_cursor
from domain.errors import Invalid, NotYourself
from domain.identifiers import ClientMessageId, Email, Intent, SessionId
from domain.principal import Principal
from domain.principal import Service as TrustedService
from tests.support.memory.service import ANN, BOB, EVE, Service
from tests.support.people import DUE_AT_ONCE, FRIENDS, NOW, draft, envelope, person, session_of

WORK = Intent("work")


@pytest.fixture
async def service() -> Service:
    """Ann has chats with Bob, as friends (one message, from her) and at work, and with Eve."""
    service = Service(InProcessBroker())
    await service.start()
    for other, intent in ((BOB, FRIENDS), (BOB, WORK), (EVE, FRIENDS)):
        service.clock.advance(1)
        session = await service.init(ANN, ANN.email, other.email, intent)
        if (other, intent) == (BOB, FRIENDS):
            message = SendMessageCommand(session.id, ANN.email, FRIENDS, "hello", ClientMessageId(uuid4()))
            await service.send(ANN, message, "http")
    await service.stop()
    return service


async def sessions(
    service: Service, principal: Principal, email: Email, intent: Intent | None = None, limit: int = 50
) -> SessionPage:
    return await service.sessions(principal, email, intent, limit=limit, cursor=None)


async def test_each_side_sees_its_peer_and_its_unread_count(service: Service) -> None:
    mine = await sessions(service, ANN, ANN.email)
    assert [(one.peer.display_name, one.intent) for one in mine.sessions] == [
        ("Eve", "friends"),
        ("Bob", "work"),
        ("Bob", "friends"),
    ]
    assert [(one.unread_count, one.last_seq) for one in mine.sessions] == [(0, 0), (0, 0), (0, 1)]
    (theirs,) = (await sessions(service, BOB, BOB.email, FRIENDS)).sessions
    assert (theirs.peer.email, theirs.unread_count) == (ANN.email, 1)
    assert theirs.last_message is not None
    assert (theirs.last_message.content, theirs.last_message.sender_display_name) == ("hello", "Ann")


async def test_a_user_lists_only_its_own_sessions_and_a_service_any(service: Service) -> None:
    with pytest.raises(NotYourself):
        await sessions(service, BOB, ANN.email)
    assert len((await sessions(service, TrustedService("ours", NOW), ANN.email)).sessions) == 3


async def test_a_user_may_leave_its_address_out_and_a_service_may_not(service: Service) -> None:
    assert len((await service.sessions(ANN, None, None, limit=50, cursor=None)).sessions) == 3
    with pytest.raises(Invalid, match="email"):
        await service.sessions(TrustedService("ours", NOW), None, None, limit=50, cursor=None)


async def test_an_unknown_user_has_no_sessions(service: Service) -> None:
    unknown = TrustedService("ours", NOW)
    assert await sessions(service, unknown, Email("zoe@example.org")) == SessionPage([], None)


async def test_a_peer_that_is_not_known_does_not_take_the_list_along(service: Service) -> None:
    ann, zoe = await EmbeddedProfileLookup().find(ANN.email, FRIENDS), person("zoe")
    with_zoe = session_of(ann, zoe)
    service.store.sessions[with_zoe.id] = with_zoe
    await InMemoryMessageRepository(service.store).append([draft(with_zoe, zoe, ann)], DUE_AT_ONCE, envelope)
    page = await sessions(service, ANN, ANN.email)
    (last,) = (one for one in page.sessions if one.session_id == with_zoe.id)
    assert (last.peer.profile_id, last.peer.email, last.unread_count) == (zoe.id, "", 1)
    assert last.last_message is not None
    assert (last.last_message.sender_id, last.last_message.content) == (zoe.id, "hello")


async def test_cursors_lead_through_all_of_them_to_the_end(service: Service) -> None:
    names, cursor = [], None
    for _ in range(3):
        page = await service.sessions(ANN, ANN.email, None, limit=1, cursor=cursor)
        names += [(one.peer.display_name, one.intent) for one in page.sessions]
        cursor = page.next_cursor
    assert names == [("Eve", "friends"), ("Bob", "work"), ("Bob", "friends")]
    assert cursor is None


times = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))


@given(times, times, st.uuids())
def test_a_cursor_comes_back_as_the_place_it_was(as_of: datetime, active_at: datetime, session_id: SessionId) -> None:
    position = SessionPosition(as_of, active_at, session_id)
    assert decode_cursor(encode_cursor(position)) == position


@given(st.text() | st.text("AQgw_-/+=9", min_size=43, max_size=43))
def test_any_other_word_is_a_place_or_refused(word: str) -> None:
    with contextlib.suppress(Invalid):
        assert decode_cursor(word).as_of.tzinfo is UTC
