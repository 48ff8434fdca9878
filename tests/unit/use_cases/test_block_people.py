"""Blocks through the use cases: the blocked one notices nothing, and nothing of it reaches the blocker."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from adapters.memory.broker import InProcessBroker
from application.commands import (
    BlockCommand,
    CloseCommand,
    DeleteCommand,
    EditCommand,
    MarkSeenCommand,
    ReactCommand,
    SendMessageCommand,
)
from application.delivery.outbox.resolver import resolve
from application.ports.send_queue import Reject
from application.wire.chat_message import ChatMessage, Quote
from domain.blocks import Scope
from domain.destination import ACK_QUEUE, EVENTS_QUEUE, TOPICS_QUEUE, user_destination
from domain.errors import IdempotencyConflict, Invalid, MessageNotFound, NotYourself, ProfileNotFound, YouBlocked
from domain.identifiers import ClientMessageId, Intent, MessageId, ProfileId, SessionId
from domain.principal import Service as TrustedService
from domain.principal import User
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, EVE, Service
from tests.support.memory.submitted_sends import a_send, handler_of
from tests.support.people import FRIENDS, NOW

WORK = Intent("work")
BILLING = TrustedService("billing", NOW + timedelta(hours=1))


class World:
    """Ann and Bob have each sent a message; Ann then blocks Bob."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.change = service.container.change_message()
        self.block_people = service.container.sides().block_people

    async def start(self) -> None:
        self.service.push.listened_to = {EVENTS_QUEUE}
        await self.service.start()
        self.session_id: SessionId = (await self.service.init(ANN, ANN.email, BOB.email, FRIENDS)).id
        self.by_ann, self.by_bob = await self.send(ANN, "hello"), await self.send(BOB, "hi")
        self.bob = ProfileId((await self.history(ANN))[1].sender_id)
        await eventually(lambda: self.service.counters.outbox_processed == 6)
        self.service.clock.advance(60)

    async def block(self, scope: Scope | None = Scope.ALL, **more: Any) -> None:
        await self.block_people(ANN, BlockCommand(profile_id=self.bob, scope=scope, **more))

    async def send(self, by: User, content: str, reply_to: int | None = None) -> ChatMessage:
        command = SendMessageCommand(self.session_id, by.email, FRIENDS, content, ClientMessageId(uuid4()), reply_to)
        return ChatMessage.from_json((await self.service.send(by, command, "http")).body)

    async def history(self, by: User | TrustedService, **places: Any) -> list[ChatMessage]:
        wanted = {"before": None, "after": None, **places}
        return list(await self.service.history(by, self.session_id, limit=50, **wanted))

    def place(self, message: ChatMessage) -> dict[str, Any]:
        return {"session_id": self.session_id, "message_id": MessageId(message.message_id)}

    def events(self, user: User, *, since: int = 0) -> list[dict[str, Any]]:
        destination = user_destination(user.email, EVENTS_QUEUE)
        bodies = [one.body for one in self.service.push.deliveries[since:] if one.destination == destination]
        return [msgspec.json.decode(body) for body in bodies]

    @property
    def pushed(self) -> int:
        return len(self.service.push.deliveries)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(Service(InProcessBroker()))
    await world.start()
    yield world
    await world.service.stop()


async def test_the_blocker_sees_that_there_is_a_message_and_nothing_of_it(world: World) -> None:
    await world.block()
    sent = await world.send(BOB, "abuse")
    (*_, shown) = await world.history(ANN)
    assert (shown.seq, shown.sender_id, shown.withheld, shown.delivered, shown.seen) == (
        3,
        sent.sender_id,
        True,
        True,
        True,
    )
    assert shown.content == "This message was deleted"
    assert shown.sent_at == NOW.replace(hour=0, minute=0)
    assert shown.message_id not in (sent.message_id, sent.client_message_id)
    assert shown.client_message_id not in (sent.message_id, sent.client_message_id)
    for place in ({"after": MessageId(shown.message_id)}, {"before": MessageId(shown.message_id)}):
        assert [one.seq for one in await world.history(ANN, **place)] == ([] if "after" in place else [1, 2])
    assert [one.withheld for one in await world.history(BILLING)][2] is True
    page = await world.service.sessions(ANN, ANN.email, None, limit=9, cursor=None)
    (entry,) = page.sessions
    assert (entry.last_message, entry.last_seq, entry.unread_count) == ((await world.history(ANN))[1], 2, 1)
    unread = await world.service.unread(ANN, world.session_id, ANN.email, FRIENDS)
    assert [one.seq for one in unread] == [2]
    for command in (
        DeleteCommand(for_everyone=False, **world.place(sent)),
        DeleteCommand(for_everyone=False, **world.place(shown)),
    ):
        with pytest.raises(MessageNotFound):
            await world.change.delete(ANN, command)


async def test_the_blocked_one_notices_nothing(world: World) -> None:
    await world.block()
    sent = await world.send(BOB, "abuse", reply_to=1)
    assert isinstance(sent.reply_to, Quote)
    assert (sent.content, sent.delivered, sent.seen, sent.withheld) == ("abuse", False, False, msgspec.UNSET)
    await world.service.seen(ANN, MarkSeenCommand(world.session_id, ANN.email, FRIENDS, 3))
    assert (await world.history(BOB))[2] == sent
    page = await world.service.sessions(BOB, BOB.email, None, limit=9, cursor=None)
    assert (page.sessions[0].last_message, page.sessions[0].last_seq, page.sessions[0].seen_to) == (sent, 3, 0)
    edited = await world.change.edit(BOB, EditCommand(content="worse", **world.place(sent)))
    assert (edited.content, edited.version, edited.withheld) == ("worse", 2, msgspec.UNSET)
    await world.change.react(BOB, ReactCommand(emoji="👍", **world.place(world.by_ann)))
    assert (await world.history(BOB))[0].reactions is not msgspec.UNSET
    assert (await world.history(ANN))[0].reactions is msgspec.UNSET
    assert not [event for event in world.events(BOB) if event["type"] == "block"]


async def test_nothing_is_pushed_to_the_blocker(world: World) -> None:
    await world.block()
    since = world.pushed
    sent = await world.send(BOB, "abuse")
    await world.change.edit(BOB, EditCommand(content="worse", **world.place(sent)))
    await world.change.edit(BOB, EditCommand(content="worse", **world.place(world.by_bob)))
    await world.change.react(BOB, ReactCommand(emoji="👍", **world.place(world.by_ann)))
    await world.change.delete(BOB, DeleteCommand(for_everyone=True, **world.place(world.by_bob)))
    await world.service.seen(BOB, MarkSeenCommand(world.session_id, BOB.email, FRIENDS, 1))
    await world.service.container.sides().close_session(BOB, CloseCommand(session_id=world.session_id))
    await world.service.init(BOB, BOB.email, ANN.email, WORK)
    told = world.service.push.deliveries[since:]
    assert told
    assert all(one.destination.startswith(f"user:{BOB.email}:") for one in told), {one.destination for one in told}
    (before, edited, _) = await world.history(ANN)
    assert edited.withheld is True, "an edit of an older message is withheld with it"
    assert before.reactions is msgspec.UNSET


async def test_what_waits_in_the_outbox_is_for_the_sender_alone(world: World) -> None:
    await world.block()
    known = set(world.service.store.outbox)
    await world.send(BOB, "abuse")
    rows = [row.entry for id_, row in world.service.store.outbox.items() if id_ not in known]
    resolved = await resolve(rows, world.service.container.directory())
    assert not resolved.failures
    deliveries = [one.destination for pending in resolved.pending for one in pending.deliveries]
    assert deliveries == [user_destination(BOB.email, queue) for queue in (ACK_QUEUE, TOPICS_QUEUE)]


async def test_the_blocker_writes_nothing(world: World) -> None:
    await world.block()
    with pytest.raises(YouBlocked):
        await world.send(ANN, "hey")
    with pytest.raises(YouBlocked):
        await world.change.edit(ANN, EditCommand(content="hey", **world.place(world.by_ann)))
    with pytest.raises(YouBlocked):
        await world.change.react(ANN, ReactCommand(emoji="👍", **world.place(world.by_bob)))
    assert await handler_of(world.service)([a_send(world.session_id)]) == [Reject("you-blocked")]
    await world.change.delete(ANN, DeleteCommand(for_everyone=True, **world.place(world.by_ann)))
    await world.block(None)
    await world.send(ANN, "hey")


async def test_a_withheld_message_stays_so_and_cannot_be_answered(world: World) -> None:
    await world.block()
    withheld = await world.send(BOB, "abuse")
    await world.block(None)
    answer = await world.send(BOB, "sorry", reply_to=3)
    assert isinstance(answer.reply_to, Quote)
    assert answer.reply_to.content == "abuse"
    *_, third, fourth = await world.history(ANN)
    assert (third.withheld, fourth.withheld) == (True, msgspec.UNSET)
    assert isinstance(fourth.reply_to, Quote)
    assert (fourth.reply_to.deleted, fourth.reply_to.content) == (True, msgspec.UNSET)
    with pytest.raises(Invalid):
        await world.send(ANN, "what?", reply_to=3)
    with pytest.raises(MessageNotFound):
        await world.change.react(ANN, ReactCommand(emoji="👍", **world.place(withheld)))


async def test_blocks_are_told_to_the_blocker_and_listed(world: World) -> None:
    await world.block()
    await world.block()
    await world.block(Scope.INTENT)
    page = await world.block_people.page(ANN, None, 1, None)
    (entry,) = page.blocks
    assert (entry.profile_id, entry.scope, entry.display_name, page.next_cursor) == (world.bob, "intent", "Bob", None)
    await world.block(None)
    told = [event["scope"] for event in world.events(ANN) if event["type"] == "block"]
    assert told == ["all", "intent", None]
    assert (await world.block_people.page(ANN, ANN.email, 1, None)).blocks == []
    assert (await world.block_people.page(BILLING, BOB.email, 9, None)).blocks == []
    await world.service.init(ANN, ANN.email, EVE.email, FRIENDS)
    eve = (await world.service.lookup.find(EVE.email, FRIENDS)).id
    await world.block_people(BILLING, BlockCommand(profile_id=eve, scope=Scope.ALL, email=ANN.email))
    await world.block()
    first = await world.block_people.page(ANN, None, 1, None)
    second = await world.block_people.page(ANN, None, 1, first.next_cursor)
    assert {one.profile_id for page in (first, second) for one in page.blocks} == {world.bob, eve}
    assert second.next_cursor is None


async def test_blocks_are_resumed(world: World) -> None:
    sync = world.service.container.sync_changes()
    token = sync.write(await sync.now(ANN))
    theirs = sync.write(await sync.now(BOB))
    await world.block()
    page = await sync.read(ANN, token, 50)
    (told,) = [msgspec.json.decode(event.body) for event in page.events]
    assert (told["type"], told["profileId"], told["scope"]) == ("block", str(world.bob), "all")
    assert not (await sync.read(BOB, theirs, 50)).events
    await world.send(BOB, "abuse")
    events = [msgspec.json.decode(event.body) for event in (await sync.read(ANN, token, 50)).events]
    assert [event["type"] for event in events].count("block") == 1
    after = sync.write(page.next)
    page = await sync.read(ANN, after, 50)
    while page.more:
        page = await sync.read(ANN, sync.write(page.next), 50)
    (message,) = [
        one for one in map(msgspec.json.decode, (event.body for event in page.events)) if one["type"] == "message"
    ]
    assert (message["withheld"], message["seq"]) == (True, 3)


async def test_who_may_be_blocked(world: World) -> None:
    eve = (await world.service.lookup.find(EVE.email, FRIENDS)).id
    for target in (eve, uuid4()):
        with pytest.raises(ProfileNotFound):
            await world.block_people(ANN, BlockCommand(profile_id=ProfileId(target), scope=Scope.ALL))
    with pytest.raises(NotYourself):
        await world.block(email=BOB.email)
    operation = uuid4()
    await world.block(operation_id=operation)
    await world.block(operation_id=operation)
    with pytest.raises(IdempotencyConflict):
        await world.block(None, operation_id=operation)
    with pytest.raises(Invalid):
        await world.block_people.page(ANN, None, 9, "no cursor")
