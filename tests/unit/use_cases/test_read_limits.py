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
from domain.identifiers import ClientMessageId, Intent
from tests.support.memory.service import ANN, BOB, Service
from tests.support.people import FRIENDS, NOW

LARGE = "\N{GRINNING FACE}" * 4_000
"""As large as the text of a message may be: 16,000 octets."""


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


async def test_the_reads_of_a_user_at_a_time_are_limited() -> None:
    limit = ReadLimit(RateLimit(ManualClock(NOW), per_second=0, burst=1), max_at_once=2)
    with limit.reading(ANN), limit.reading(ANN):
        with pytest.raises(RateLimited) as refused, limit.reading(ANN):
            pass
        with limit.reading(BOB):
            pass
    assert refused.value.retry_after == 1
    with limit.reading(ANN), limit.reading(ANN):
        pass


@pytest.mark.parametrize("kind", ["history", "sessions", "sync", "unread"])
async def test_a_large_answer_of_any_kind_counts_as_several_reads(kind: str) -> None:
    service = Service(InProcessBroker(), read_rate=1)
    await service.start()
    sync = service.container.sync_changes()
    since = sync.write(await sync.now(BOB))
    for number in range(8):
        session = await service.init(ANN, ANN.email, BOB.email, Intent(f"intent-{number % 4}"))
        for _ in range(2):
            command = SendMessageCommand(session.id, ANN.email, session.intent, LARGE, ClientMessageId(uuid4()))
            await service.send(ANN, command, "http")

    async def read() -> None:
        if kind == "history":
            await service.history(BOB, session.id, limit=8, before=None, after=None)
        elif kind == "sessions":
            await service.sessions(BOB, BOB.email, None, limit=8, cursor=None)
        elif kind == "unread":
            await service.unread(BOB, session.id, BOB.email, session.intent)
        else:
            await sync.read(BOB, since, 16)

    await read()
    with pytest.raises(RateLimited):
        await read()
    await service.stop()


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
    content, count = LARGE, 70
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
