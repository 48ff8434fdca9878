"""Two people chat through the use cases, on in-memory adapters, from the intake to what is pushed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.memory.broker import InProcessBroker
from application.commands import MarkSeenCommand, SendMessageCommand
from application.delivery.message_intake import Accepted
from application.wire.chat_message import ChatMessage
from domain.destination import ACK_QUEUE, MESSAGES_QUEUE, RECEIPTS_QUEUE, session_topic, user_destination
from domain.errors import (
    IdempotencyConflict,
    Invalid,
    NotAParticipant,
    NotYourself,
    RateLimited,
    SessionNotFound,
)
from domain.identifiers import ClientMessageId, Intent, SessionId
from tests.support.eventually import eventually
from tests.support.memory.pages import everything
from tests.support.memory.service import ANN, BOB, EVE, AwayBroker, Service
from tests.support.people import FRIENDS


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service(AwayBroker())
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def session_id(service: Service) -> SessionId:
    return (await service.init(ANN, ANN.email, BOB.email, FRIENDS)).id


def command(session_id: SessionId, content: str = "hello", client_id: UUID | None = None) -> SendMessageCommand:
    return SendMessageCommand(session_id, ANN.email, FRIENDS, content, ClientMessageId(client_id or uuid4()))


async def test_every_caller_gets_the_same_session(service: Service, session_id: SessionId) -> None:
    assert (await service.init(BOB, BOB.email, ANN.email, FRIENDS)).id == session_id
    with pytest.raises(NotYourself):
        await service.init(EVE, ANN.email, BOB.email, FRIENDS)
    with pytest.raises(Invalid):
        await service.init(ANN, ANN.email, ANN.email, FRIENDS)


async def test_a_message_is_stored_and_reaches_all_three_destinations(service: Service, session_id: SessionId) -> None:
    accepted = await service.send(ANN, command(session_id), "http")
    await eventually(lambda: len(service.push.deliveries) == 3)
    assert service.destinations() == [
        user_destination(BOB.email, MESSAGES_QUEUE),
        user_destination(ANN.email, ACK_QUEUE),
        session_topic(session_id),
    ]
    assert {delivery.body for delivery in service.push.deliveries} == {accepted.body}
    assert await service.history(BOB, session_id, limit=50, before=None, after=None) == [
        ChatMessage.from_json(accepted.body)
    ]
    await eventually(lambda: service.counters.outbox_processed == 3)
    assert (await service.outbox.status()).pending == 0
    assert service.counters.messages == {"http": 1}


async def test_a_repeat_is_answered_alike_and_reaches_nobody(service: Service, session_id: SessionId) -> None:
    client_id = uuid4()
    answers = await asyncio.gather(
        *(service.send(ANN, command(session_id, "hi", client_id), "stomp") for _ in range(20))
    )
    assert len({answer.body for answer in answers}) == 1
    assert sum(not answer.repeated for answer in answers) == 1
    assert service.counters.duplicates == 19
    await eventually(lambda: service.counters.outbox_processed == 3)
    assert len(service.push.deliveries) == 3
    with pytest.raises(IdempotencyConflict):
        await service.send(ANN, command(session_id, "else", client_id), "stomp")


async def test_strangers_and_impostors_are_kept_out(service: Service, session_id: SessionId) -> None:
    with pytest.raises(NotYourself):
        await service.send(EVE, command(session_id), "http")
    with pytest.raises(NotAParticipant):
        await service.history(EVE, session_id, limit=1, before=None, after=None)
    with pytest.raises(NotAParticipant):
        await service.unread(EVE, session_id, EVE.email, FRIENDS)
    with pytest.raises(NotAParticipant):
        await service.unread(BOB, session_id, BOB.email, Intent("work"))
    with pytest.raises(SessionNotFound):
        await service.send(ANN, command(SessionId(uuid4())), "http")
    assert not service.store.messages


async def test_seen_messages_are_marked_and_their_sender_gets_one_receipt(
    service: Service, session_id: SessionId
) -> None:
    await service.send(ANN, command(session_id), "http")
    assert len(await service.unread(BOB, session_id, BOB.email, FRIENDS)) == 1
    for _ in range(2):
        await service.seen(BOB, MarkSeenCommand(session_id, BOB.email, FRIENDS, 1))
    assert await service.unread(BOB, session_id, BOB.email, FRIENDS) == []
    assert service.destinations().count(user_destination(ANN.email, RECEIPTS_QUEUE)) == 1


async def test_while_the_broker_is_away_sends_go_on_and_all_is_delivered_after(
    service: Service, session_id: SessionId
) -> None:
    assert isinstance(service.broker, AwayBroker)
    service.broker.ready.clear()
    sent: list[Accepted] = [await service.send(ANN, command(session_id, str(number)), "http") for number in range(50)]
    await eventually(lambda: len(service.push.deliveries) == 150)  # connections of this instance do not wait
    assert (await service.outbox.status()).pending == 150
    service.broker.ready.set()
    await eventually(lambda: service.counters.outbox_processed == 150)
    assert len(service.push.deliveries) == 150, "and get nothing twice"
    topic = [one.body for one in service.push.deliveries if one.destination == session_topic(session_id)]
    assert topic == [accepted.body for accepted in sent]
    assert len(service.push.deliveries) == 150


async def test_the_poll_delivers_entries_with_an_expired_claim(service: Service, session_id: SessionId) -> None:
    dead = Service(AwayBroker(), store=service.store)  # stores, but never gets to publish
    await dead.init(ANN, ANN.email, BOB.email, FRIENDS)
    dead.intake.start()
    await dead.send(ANN, command(session_id), "http")
    await dead.intake.stop()
    assert service.push.deliveries == []
    service.clock.advance(11)
    await eventually(lambda: service.counters.outbox_processed == 3)
    assert set(service.destinations()) == {
        user_destination(BOB.email, MESSAGES_QUEUE),
        user_destination(ANN.email, ACK_QUEUE),
        session_topic(session_id),
    }


def has_failed(service: Service, tries: int) -> bool:
    return service.counters.outbox_failed == tries


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"payload": "{}"}, "the payload is no ChatMessage"),
        ({"destination": "nowhere"}, "there is no such destination"),
        ({"destination": "/topic/foo"}, "there is no such destination"),
        ({"destination": "user:ann@example.org:/queue/foo"}, "there is no such destination"),
        ({"destination": f"user:{uuid4()}:/queue/messages"}, "the receiver's profile is not known"),
    ],
)
async def test_an_undeliverable_entry_is_dead_after_ten_tries(
    service: Service, session_id: SessionId, changes: dict[str, Any], reason: str
) -> None:
    await service.send(ANN, command(session_id), "http")
    await eventually(lambda: service.counters.outbox_processed == 3)
    row = next(iter(service.store.outbox.values()))
    row.processed_at = None
    row.entry = row.entry._replace(**changes)
    for tries in range(1, 11):
        service.clock.advance(61)
        await eventually(partial(has_failed, service, tries))
    assert service.counters.outbox_dead == 1
    assert [dead.reason for dead in await service.outbox.dead(10)] == [reason]


async def test_an_entry_finds_its_user_in_any_case(service: Service, session_id: SessionId) -> None:
    await service.send(ANN, command(session_id), "http")
    await eventually(lambda: service.counters.outbox_processed == 3)
    row = next(row for row in service.store.outbox.values() if row.entry.destination.endswith(ACK_QUEUE))
    row.processed_at = None
    row.entry = row.entry._replace(destination=f"user:{ANN.email.upper()}:{ACK_QUEUE}")
    service.clock.advance(61)
    await eventually(lambda: service.counters.outbox_processed == 4)
    assert service.destinations().count(user_destination(ANN.email, ACK_QUEUE)) == 2


async def test_a_replay_has_everything_missed_in_order(service: Service, session_id: SessionId) -> None:
    sent = [await service.send(ANN, command(session_id, str(number)), "http") for number in range(250)]
    missed = [
        one.body
        for one in await everything(service.replay.session(await service.participants.for_reader(session_id, BOB), 100))
    ]
    assert missed == [accepted.body for accepted in sent[100:]]
    service.delivered.add([ChatMessage.from_json(sent[0].body).key().ref])
    never = [one.body for one in await everything(await service.replay.undelivered(BOB))]
    assert never == [accepted.body for accepted in sent[1:]]
    assert await everything(await service.replay.undelivered(ANN)) == []


async def test_a_flood_is_refused_until_there_is_room_again() -> None:
    service = Service(InProcessBroker(), rate=1)
    await service.start()
    session_id = (await service.init(ANN, ANN.email, BOB.email, FRIENDS)).id
    await service.send(ANN, command(session_id), "http")
    await service.send(ANN, command(session_id), "http")
    with pytest.raises(RateLimited) as refused:
        await service.send(ANN, command(session_id), "http")
    assert refused.value.retry_after == 1
    service.clock.advance(timedelta(seconds=1).total_seconds())
    await service.send(ANN, command(session_id), "http")
    await service.stop()
