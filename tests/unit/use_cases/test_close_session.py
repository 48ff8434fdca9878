"""A closed session: what is still possible in it, and what both are told."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from adapters.memory.broker import InProcessBroker
from application.commands import (
    CloseCommand,
    DeleteCommand,
    EditCommand,
    MarkSeenCommand,
    ReactCommand,
    SendMessageCommand,
    TypingCommand,
)
from application.ports.send_queue import Accept, Reject
from application.wire.chat_message import ChatMessage
from domain.destination import ERROR_QUEUE, EVENTS_QUEUE, user_destination
from domain.errors import IdempotencyConflict, NotAParticipant, NotYourself, SessionClosed
from domain.identifiers import ClientMessageId, MessageId, SessionId
from domain.principal import User
from tests.support.memory.service import ANN, BOB, EVE, Service
from tests.support.memory.submitted_sends import a_send, handler_of, told
from tests.support.people import FRIENDS


class World:
    """Ann has sent `sent` to Bob, long enough ago that a deletion need not wait."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.change = service.container.change_message()
        self.close = service.container.sides().close_session

    async def start(self) -> None:
        self.service.push.listened_to = {EVENTS_QUEUE}
        await self.service.start()
        self.session_id: SessionId = (await self.service.init(ANN, ANN.email, BOB.email, FRIENDS)).id
        self.client_id = ClientMessageId(uuid4())
        self.sent = await self.send(ANN, self.client_id)
        self.service.clock.advance(60)

    async def send(self, by: User, client_id: ClientMessageId | None = None) -> ChatMessage:
        client_id = client_id or ClientMessageId(uuid4())
        command = SendMessageCommand(self.session_id, by.email, FRIENDS, "hello", client_id)
        return ChatMessage.from_json((await self.service.send(by, command, "http")).body)

    def command(self, **more: Any) -> CloseCommand:
        return CloseCommand(session_id=self.session_id, **more)

    def closed_told_to(self, user: User) -> list[bool]:
        destination = user_destination(user.email, EVENTS_QUEUE)
        bodies = [one.body for one in self.service.push.deliveries if one.destination == destination]
        return [event["closed"] for event in map(msgspec.json.decode, bodies) if event["type"] == "session"]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(Service(InProcessBroker()))
    await world.start()
    yield world
    await world.service.stop()


async def test_both_are_told_and_shown_that_it_is_closed(world: World) -> None:
    await world.close(BOB, world.command())
    await world.close(ANN, world.command())
    for user in (ANN, BOB):
        assert world.closed_told_to(user) == [False, True]
        page = await world.service.sessions(user, user.email, None, limit=9, cursor=None)
        assert [entry.closed for entry in page.sessions] == [True]
    assert (await world.service.init(ANN, ANN.email, BOB.email, FRIENDS)).id == world.session_id
    with pytest.raises(SessionClosed):
        await world.send(ANN)


async def test_writing_is_refused_to_both(world: World) -> None:
    await world.close(ANN, world.command())
    message_id = MessageId(world.sent.message_id)
    tell_typing = world.service.container.presence().tell_typing
    for user in (ANN, BOB):
        with pytest.raises(SessionClosed):
            await world.send(user)
        with pytest.raises(SessionClosed):
            await world.change.edit(
                user, EditCommand(session_id=world.session_id, message_id=message_id, content="better")
            )
        for emoji in ("👍", None):
            with pytest.raises(SessionClosed):
                await world.change.react(
                    user, ReactCommand(session_id=world.session_id, message_id=message_id, emoji=emoji)
                )
        with pytest.raises(SessionClosed):
            await tell_typing(user, TypingCommand(session_id=world.session_id, state="typing"))
    assert await world.send(ANN, world.client_id) == world.sent, "a repeat is answered as before"


async def test_seen_and_deletions_still_work(world: World) -> None:
    await world.close(ANN, world.command())
    await world.service.seen(BOB, MarkSeenCommand(world.session_id, BOB.email, FRIENDS, 1))
    message_id = MessageId(world.sent.message_id)
    for user, for_everyone in ((BOB, False), (ANN, True)):
        await world.change.delete(
            user, DeleteCommand(session_id=world.session_id, message_id=message_id, for_everyone=for_everyone)
        )
    (shown,) = await world.service.history(ANN, world.session_id, limit=9, before=None, after=None)
    assert (shown.seen, shown.deleted) == (True, True)


async def test_a_queued_send_is_a_dead_letter_and_its_sender_is_told(world: World) -> None:
    handle = handler_of(world.service)
    assert await handle([a_send(world.session_id)]) == [Accept()]
    await world.close(BOB, world.command())
    send = a_send(world.session_id)
    assert await handle([send]) == [Reject("session-closed")]
    (problem,) = told(world.service, ERROR_QUEUE)
    assert (problem["code"], problem["status"]) == ("session-closed", 403)
    assert problem["clientMessageId"] == msgspec.json.decode(send)["clientMessageId"]


async def test_only_a_participant_closes_it_and_an_operation_is_done_once(world: World) -> None:
    with pytest.raises(NotAParticipant):
        await world.close(EVE, world.command())
    with pytest.raises(NotYourself):
        await world.close(BOB, world.command(email=ANN.email))
    operation = uuid4()
    for _ in range(2):
        await world.close(ANN, world.command(operation_id=operation))
    assert world.closed_told_to(BOB) == [False, True]
    other = (await world.service.init(ANN, ANN.email, EVE.email, FRIENDS)).id
    with pytest.raises(IdempotencyConflict):
        await world.close(ANN, CloseCommand(session_id=other, operation_id=operation))
