"""More is sent than can be stored in time: the rest is refused at once, fairly, and told when to come back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from adapters.memory.broker import InProcessBroker
from application.commands import SendMessageCommand
from application.delivery.message_intake import RETRY_SPREAD, Accepted
from domain.errors import Overloaded
from domain.identifiers import ClientMessageId, SessionId
from domain.principal import Service as ServicePrincipal
from domain.principal import User
from tests.support.memory.service import ANN, BOB, Service
from tests.support.people import FRIENDS

PRODUCER = ServicePrincipal("amqp", datetime.max.replace(tzinfo=UTC))


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """A store that does not answer: what is sent waits."""
    service = Service(InProcessBroker(), max_wait=0.02)
    await service.start()
    yield service
    service.outage.thaw()
    await service.stop()


@pytest.fixture
async def session_id(service: Service) -> SessionId:
    session = await service.init(ANN, ANN.email, BOB.email, FRIENDS)
    await service.send(ANN, command(ANN, session.id), "http")
    await service.send(BOB, command(BOB, session.id), "http")
    service.outage.freeze()
    return session.id


def command(user: User, session_id: SessionId) -> SendMessageCommand:
    return SendMessageCommand(session_id, user.email, FRIENDS, "hello", ClientMessageId(uuid4()))


async def send_until_refused(
    service: Service, user: User, session_id: SessionId
) -> tuple[list["asyncio.Future[Accepted]"], Overloaded]:
    accepted: list[asyncio.Future[Accepted]] = []
    try:
        while len(accepted) < 10_000:
            accepted.append(await service.send.submit(user, command(user, session_id), "stomp"))
    except Overloaded as refusal:
        return accepted, refusal
    raise AssertionError("all of it was accepted")


async def test_a_send_that_would_wait_too_long_is_refused_at_once(service: Service, session_id: SessionId) -> None:
    accepted, refusal = await send_until_refused(service, ANN, session_id)
    assert refusal.code == "unavailable"
    assert len(accepted) > 8, "what the next batches take"
    with pytest.raises(Overloaded):
        service.send.check_load(ANN)
    outcomes = await service.send.together(ANN, [command(ANN, session_id)] * 2, "stomp")
    assert [type(outcome) for outcome in outcomes] == [Overloaded] * 2
    service.outage.thaw()
    assert len(await asyncio.gather(*accepted)) == len(accepted)
    assert isinstance(await service.send(ANN, command(ANN, session_id), "http"), Accepted)


async def test_the_user_with_the_most_sends_is_refused_first(service: Service, session_id: SessionId) -> None:
    much, _ = await send_until_refused(service, ANN, session_id)
    little = [await service.send.submit(BOB, command(BOB, session_id), "stomp") for _ in range(len(much) // 3)]
    with pytest.raises(Overloaded):
        await service.send.submit(ANN, command(ANN, session_id), "stomp")
    service.outage.thaw()
    await asyncio.gather(*much, *little)


async def test_refused_clients_come_back_at_different_times(service: Service, session_id: SessionId) -> None:
    await send_until_refused(service, ANN, session_id)
    told: set[int | None] = set()
    for _ in range(200):
        with pytest.raises(Overloaded) as refused:
            service.send.check_load(ANN)
        told.add(refused.value.retry_after)
    assert told == set(range(1, RETRY_SPREAD + 1))


async def test_sends_in_the_queue_of_sends_are_not_refused(service: Service, session_id: SessionId) -> None:
    await send_until_refused(service, ANN, session_id)
    stored = await service.send.submit(PRODUCER, command(ANN, session_id), "amqp", waits=False)
    service.outage.thaw()
    assert not (await stored).repeated
