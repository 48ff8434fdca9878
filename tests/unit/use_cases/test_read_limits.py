"""Limits of what one user asks for: how often, and how much at once."""

from uuid import uuid4

import pytest

from adapters.memory.broker import InProcessBroker
from adapters.memory.clock import ManualClock
from application.access.rate_limit import RateLimit
from application.access.read_limit import ReadLimit
from application.commands import MarkSeenCommand, SendMessageCommand
from application.use_cases.read_unread import MAX_OCTETS
from domain.errors import RateLimited
from domain.identifiers import ClientMessageId
from tests.support.memory.service import ANN, BOB, Service
from tests.support.people import FRIENDS, NOW


async def test_opening_sessions_has_a_rate() -> None:
    service = Service(InProcessBroker(), init_rate=1)
    for _ in range(2):
        await service.init(ANN, ANN.email, BOB.email, FRIENDS)
    with pytest.raises(RateLimited):
        await service.init(ANN, ANN.email, BOB.email, FRIENDS)
    await service.init(BOB, BOB.email, ANN.email, FRIENDS)


async def test_all_reads_share_a_rate() -> None:
    service = Service(InProcessBroker(), read_rate=1)
    session = await service.init(ANN, ANN.email, BOB.email, FRIENDS)
    await service.history(ANN, session.id, limit=1, before=None, after=None)
    await service.unread(ANN, session.id, ANN.email, FRIENDS)
    with pytest.raises(RateLimited) as refused:
        await service.sessions(ANN, ANN.email, None, limit=1, cursor=None)
    assert refused.value.retry_after == 1


async def test_only_so_many_reads_of_one_user_run_at_once() -> None:
    limit = ReadLimit(RateLimit(ManualClock(NOW), 0, burst=1), max_at_once=2)
    with limit.reading(ANN), limit.reading(ANN):
        with pytest.raises(RateLimited) as refused, limit.reading(ANN):
            pass
        with limit.reading(BOB):
            pass
    assert refused.value.retry_after == 1
    with limit.reading(ANN), limit.reading(ANN):
        pass


async def test_seen_marks_have_a_rate() -> None:
    service = Service(InProcessBroker(), seen_rate=1)
    session = await service.init(ANN, ANN.email, BOB.email, FRIENDS)
    command = MarkSeenCommand(session.id, ANN.email, FRIENDS, 0)
    for _ in range(2):
        await service.seen(ANN, command)
    with pytest.raises(RateLimited):
        await service.seen(ANN, command)


async def test_unread_has_an_end_in_octets_and_goes_on_after_it() -> None:
    service = Service(InProcessBroker())
    await service.start()
    session = await service.init(ANN, ANN.email, BOB.email, FRIENDS)
    content, count = "\N{GRINNING FACE}" * 4_000, 70
    for _ in range(count):
        command = SendMessageCommand(session.id, ANN.email, FRIENDS, content, ClientMessageId(uuid4()))
        await service.send(ANN, command, "http")
    first = await service.unread(BOB, session.id, BOB.email, FRIENDS)
    assert [one.seq for one in first] == list(range(1, MAX_OCTETS // len(content.encode()) + 1))
    rest = await service.unread(BOB, session.id, BOB.email, FRIENDS, after=first[-1].seq)
    assert [one.seq for one in rest] == list(range(first[-1].seq + 1, count + 1))
    page = await service.unread(BOB, session.id, BOB.email, FRIENDS, after=10, limit=3)
    assert [one.seq for one in page] == [11, 12, 13]
    await service.stop()
