"""Places in a session by `seq` and by message, and whose changes a caller may read."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from adapters.memory.broker import InProcessBroker
from application.commands import SendMessageCommand
from domain.errors import Invalid, MessageNotFound, NotYourself
from domain.identifiers import ClientMessageId, Email, MessageId
from domain.principal import Service as TrustedService
from domain.session import ChatSession
from tests.support.memory.service import ANN, BOB, EVE, Service
from tests.support.people import FRIENDS, NOW


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service(InProcessBroker(), changes={"rate_burst": 50, "read_rate_burst": 50, "max_reads_at_once": 50})
    await service.start()
    yield service
    await service.stop()


async def talk(service: Service, with_email: Email = BOB.email, count: int = 3) -> tuple[ChatSession, list[MessageId]]:
    """A session of Ann's with so many messages, and their ids."""
    session = await service.init(ANN, ANN.email, with_email, FRIENDS)
    for number in range(count):
        command = SendMessageCommand(session.id, ANN.email, FRIENDS, str(number), ClientMessageId(uuid4()))
        await service.send(ANN, command, "http")
    messages = await service.history(ANN, session.id, limit=50, before=None, after=None)
    return session, [MessageId(message.message_id) for message in messages]


async def test_pages_begin_at_a_message(service: Service) -> None:
    session, ids = await talk(service)
    before = await service.history(BOB, session.id, limit=50, before=ids[1], after=None)
    after = await service.history(BOB, session.id, limit=50, before=None, after=ids[1])
    unread = await service.unread(BOB, session.id, BOB.email, FRIENDS, after=ids[0])
    assert [[message.seq for message in page] for page in (before, after, unread)] == [[1], [3], [2, 3]]


async def test_a_message_of_another_session_is_no_place(service: Service) -> None:
    session, _ = await talk(service)
    _, others = await talk(service, EVE.email)
    for foreign in (others[0], MessageId(uuid4())):
        with pytest.raises(MessageNotFound):
            await service.history(BOB, session.id, limit=50, before=None, after=foreign)
        with pytest.raises(MessageNotFound):
            await service.unread(BOB, session.id, BOB.email, FRIENDS, after=foreign)


async def test_a_service_reads_the_changes_of_the_user_it_names(service: Service) -> None:
    sync, ours = service.container.sync_changes(), TrustedService("ours", NOW)
    since = sync.write((await sync.read(ours, None, 10, given=BOB.email)).next)
    await talk(service)
    page = await sync.read(ours, since, 500, given=BOB.email)
    assert page == await sync.read(BOB, since, 500)
    assert page.events
    with pytest.raises(Invalid, match="email"):
        await sync.read(ours, since, 10)
    with pytest.raises(NotYourself):
        await sync.read(EVE, since, 10, given=BOB.email)
