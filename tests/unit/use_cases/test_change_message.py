"""Edits, deletions, replies and reactions through the use cases, and what each side is then shown."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from adapters.memory.broker import InProcessBroker
from application.commands import DeleteCommand, EditCommand, ReactCommand, SendMessageCommand
from application.delivery.message_intake import Accepted
from application.ports.changes.message_changes import Place
from application.wire.chat_message import ChatMessage, Quote
from domain.destination import EVENTS_QUEUE, user_destination
from domain.errors import (
    DeleteWindowOver,
    FeatureOff,
    IdempotencyConflict,
    Invalid,
    MessageGone,
    MessageNotFound,
    NotAParticipant,
    NotYourself,
    RateLimited,
)
from domain.identifiers import ClientMessageId, MessageId, SessionId
from domain.message import Message
from domain.principal import Service as TrustedService
from domain.principal import User
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, EVE, AwayBroker, Service
from tests.support.people import FRIENDS, NOW

BILLING = TrustedService("billing", NOW + timedelta(hours=1))


class World:
    """Ann has sent `sent` to Bob a while ago."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.change = service.container.change_message()

    async def start(self) -> None:
        self.service.push.listened_to = {EVENTS_QUEUE}
        await self.service.start()
        self.session_id: SessionId = (await self.service.init(ANN, ANN.email, BOB.email, FRIENDS)).id
        self.sent = await self.send(ANN, "a secret")
        await eventually(lambda: self.service.counters.outbox_processed == 3)
        self.service.clock.advance(60)

    async def send(
        self, by: User, content: str, reply_to: int | None = None, client_id: ClientMessageId | None = None
    ) -> ChatMessage:
        client_id = client_id or ClientMessageId(uuid4())
        command = SendMessageCommand(self.session_id, by.email, FRIENDS, content, client_id, reply_to)
        return ChatMessage.from_json((await self.service.send(by, command, "http")).body)

    def edit(self, content: str, **more: object) -> EditCommand:
        return msgspec.structs.replace(
            EditCommand(session_id=self.session_id, message_id=MessageId(self.sent.message_id), content=content),
            **more,
        )

    def deletion(self, *, for_everyone: bool) -> DeleteCommand:
        return DeleteCommand(
            session_id=self.session_id, message_id=MessageId(self.sent.message_id), for_everyone=for_everyone
        )

    def reaction(self, emoji: str | None) -> ReactCommand:
        return ReactCommand(session_id=self.session_id, message_id=MessageId(self.sent.message_id), emoji=emoji)

    async def history(self, by: User) -> list[ChatMessage]:
        return list(await self.service.history(by, self.session_id, limit=50, before=None, after=None))

    def events(self, by: User) -> list[dict[str, object]]:
        destination = user_destination(by.email, EVENTS_QUEUE)
        pushed = [one.body for one in self.service.push.deliveries if one.destination == destination]
        return [event for event in map(msgspec.json.decode, pushed) if event["type"] == "message"]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(Service(InProcessBroker()))
    await world.start()
    yield world
    await world.service.stop()


async def test_an_edit_is_answered_pushed_to_both_and_shown(world: World) -> None:
    answer = await world.change.edit(ANN, world.edit("better", version=1))
    assert (answer.content, answer.version, answer.seq) == ("better", 2, 1)
    assert answer.edited_at == world.service.clock.now()
    for user in (ANN, BOB):
        assert [one.content for one in await world.history(user)] == ["better"]
        (event,) = world.events(user)
        assert (event["type"], event["content"], event["version"]) == ("message", "better", 2)


async def test_a_deletion_leaves_a_tombstone_everywhere_and_lowers_the_count(world: World) -> None:
    await world.change.edit(ANN, world.edit("another secret"))
    for _ in range(2):
        await world.change.delete(ANN, world.deletion(for_everyone=True))
    for user in (ANN, BOB):
        (shown,) = await world.history(user)
        assert (shown.content, shown.deleted, shown.version) == ("This message was deleted", True, 3)
        assert len(world.events(user)) == 2
        page = await world.service.sessions(user, user.email, None, limit=9, cursor=None)
        (session,) = page.sessions
        assert session.last_message == shown
        assert session.unread_count == 0
    assert "secret" not in str(world.service.store)
    with pytest.raises(MessageGone):
        await world.change.react(BOB, world.reaction("👍"))


async def test_a_hidden_message_is_hidden_from_one_side(world: World) -> None:
    await world.change.delete(BOB, world.deletion(for_everyone=False))
    (for_bob,), (for_ann,) = await world.history(BOB), await world.history(ANN)
    assert (for_bob.deleted, for_bob.version) == (True, 2)
    assert for_ann == world.sent
    assert (len(world.events(BOB)), world.events(ANN)) == (1, [])


async def test_both_sides_see_a_reaction_and_its_author(world: World) -> None:
    await world.change.react(BOB, world.reaction("👍"))
    await world.change.react(BOB, world.reaction("❤️"))
    await world.change.react(ANN, world.reaction("❤️"))
    (shown,) = await world.history(ANN)
    assert isinstance(shown.reactions, list)
    assert [(one.emoji, len(set(one.by))) for one in shown.reactions] == [("❤️", 2)]
    for user in (ANN, BOB):
        await world.change.react(user, world.reaction(None))
    assert (await world.history(BOB))[0].reactions is msgspec.UNSET


async def test_the_quotations_of_a_batch_are_read_in_one_call(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = world.service.container.store().changes
    read: list[Collection[Place]] = []
    at = changes.at

    async def noted(places: Collection[Place]) -> Mapping[Place, Message]:
        read.append(places)
        return await at(places)

    monkeypatch.setattr(changes, "at", noted)
    replies = [
        SendMessageCommand(world.session_id, BOB.email, FRIENDS, content, ClientMessageId(uuid4()), 1)
        for content in ("one", "two", "three")
    ]
    for _ in ("first", "repeated"):
        read.clear()
        accepted = await world.service.container.send_message().together(BOB, replies, "http")
        quotes = [ChatMessage.from_json(one.body).reply_to for one in accepted if isinstance(one, Accepted)]
        assert [isinstance(quote, Quote) and quote.content for quote in quotes] == ["a secret"] * 3
        assert [set(places) for places in read] == [{Place(world.session_id, 1)}]


async def test_a_reply_quotes_the_present_form_for_the_viewer(world: World) -> None:
    reply = await world.send(BOB, "indeed", reply_to=1)
    assert isinstance(reply.reply_to, msgspec.Struct)
    assert reply.reply_to.content == "a secret"
    payloads = [row.entry.payload for row in world.service.store.outbox.values() if "indeed" in row.entry.payload]
    assert payloads
    assert not any("secret" in payload for payload in payloads)
    await world.change.delete(BOB, world.deletion(for_everyone=False))
    for user, content in ((ANN, "a secret"), (BOB, msgspec.UNSET)):
        quote = (await world.history(user))[1].reply_to
        assert isinstance(quote, msgspec.Struct)
        assert (quote.content, quote.deleted) == (content, content is msgspec.UNSET)
    for seq in (1, 99):
        with pytest.raises(Invalid):
            await world.send(BOB, "again", reply_to=seq)


async def test_a_repeat_after_a_change_gets_the_message_as_it_is_now(world: World) -> None:
    client_id = ClientMessageId(world.sent.client_message_id)
    await world.change.edit(ANN, world.edit("better"))
    assert (await world.send(ANN, "a secret", client_id=client_id)).content == "better"
    await world.change.delete(ANN, world.deletion(for_everyone=True))
    assert (await world.send(ANN, "a secret", client_id=client_id)).deleted is True
    for content in ("better", "else"):
        with pytest.raises(IdempotencyConflict):
            await world.send(ANN, content, client_id=client_id)


async def test_a_deletion_is_answered_when_unchecked_deliveries_are_over(world: World) -> None:
    world.sent = await world.send(ANN, "a moment ago")
    deletion = asyncio.create_task(world.change.delete(ANN, world.deletion(for_everyone=True)))
    await eventually(lambda: len(world.events(BOB)) == 1)
    assert not deletion.done()
    await deletion


async def test_a_repeated_operation_is_done_once(world: World) -> None:
    operation = uuid4()
    await world.change.edit(ANN, world.edit("one", operation_id=operation))
    await world.change.edit(ANN, world.edit("two"))
    again = await world.change.edit(ANN, world.edit("one", operation_id=operation))
    assert (again.content, len(world.events(BOB))) == ("two", 2)
    with pytest.raises(IdempotencyConflict):
        await world.change.edit(ANN, world.edit("three", operation_id=operation))


async def test_an_unauthorized_change_is_refused(world: World) -> None:
    with pytest.raises(NotAParticipant):
        await world.change.edit(EVE, world.edit("mine"))
    with pytest.raises(NotYourself):
        await world.change.edit(BOB, world.edit("mine", email=ANN.email))
    with pytest.raises(MessageNotFound):
        await world.change.edit(ANN, world.edit("x", message_id=MessageId(uuid4())))
    with pytest.raises(Invalid) as missing:
        await world.change.edit(BILLING, world.edit("x"))
    assert missing.value.field == "email"
    assert (await world.change.edit(BILLING, world.edit("x", email=ANN.email))).content == "x"
    world.service.clock.advance(25 * 3600)
    with pytest.raises(DeleteWindowOver):
        await world.change.delete(ANN, world.deletion(for_everyone=True))


async def test_a_user_has_a_rate_of_commands() -> None:
    world = World(Service(InProcessBroker(), changes={"rate_commands": 1, "rate_commands_burst": 1}))
    await world.start()
    await world.change.react(BOB, world.reaction("👍"))
    with pytest.raises(RateLimited):
        await world.change.react(BOB, world.reaction(None))
    await world.service.stop()


async def test_a_reply_is_refused_where_it_is_off() -> None:
    world = World(Service(InProcessBroker(), changes={"features": ("edit",)}))
    await world.start()
    with pytest.raises(FeatureOff) as refused:
        await world.send(BOB, "indeed", reply_to=1)
    assert refused.value.field == "replyTo"
    await world.service.stop()


async def test_without_a_broker_a_change_is_made_and_pushed_on_this_instance() -> None:
    broker = AwayBroker()
    world = World(Service(broker))
    await world.start()
    broker.ready.clear()
    await world.change.edit(ANN, world.edit("better"))
    assert [event["content"] for event in world.events(BOB)] == ["better"]
    broker.ready.set()
    await world.service.stop()
