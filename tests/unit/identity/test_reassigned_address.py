"""FlairBit gives an address to somebody else: what is private stays with its owner."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest

from adapters.memory.clock import ManualClock
from adapters.memory.profiles import InMemoryProfileDirectory
from adapters.memory.store.contents import InMemoryStore
from application.commands import MarkSeenCommand, SendMessageCommand
from application.ports.push import Delivery
from application.wire.chat_message import ChatMessage
from domain.destination import ACK_QUEUE, MESSAGES_QUEUE, RECEIPTS_QUEUE, session_topic, user_destination
from domain.errors import NotAParticipant
from domain.identifiers import ClientMessageId, Email, Intent
from domain.principal import User
from domain.profile import Profile
from tests.support.eventually import eventually
from tests.support.identity.lookups import WaywardLookup
from tests.support.memory.pages import everything
from tests.support.memory.service import AwayBroker, Service
from tests.support.people import FRIENDS, NOW, person

TTL = 60.0
P, B, Q = person("kate"), person("bob"), person("kate")
MOVED = Profile(P.id, Email("kate@new.example"), FRIENDS, "Kate")
BOB, OLD, NEW = (User(one.email, NOW + timedelta(days=1)) for one in (B, P, MOVED))


class World:
    """Two instances that share the store and the directory, and FlairBit."""

    def __init__(self) -> None:
        self.flairbit = WaywardLookup(P, B)
        store, directory = InMemoryStore(ManualClock(NOW)), InMemoryProfileDirectory()
        self.here, self.there = (
            Service(AwayBroker(), lookup=self.flairbit, profile_ttl=TTL, store=store, remembered=directory)
            for _ in range(2)
        )

    async def start(self) -> None:
        for service in (self.here, self.there):
            await service.start()
        self.session_id = (await self.here.init(BOB, B.email, P.email, FRIENDS)).id
        for service in (self.here, self.there):
            for user in (BOB, OLD):
                await self.send(service, user, "before")
        await self.paid()

    async def stop(self) -> None:
        for service in (self.here, self.there):
            await service.stop()

    def reassign(self, *profiles: Profile) -> None:
        """FlairBit knows these from now on, and the cached answers have come of age."""
        self.flairbit.knows(*profiles)
        for service in (self.here, self.there):
            service.clock.advance(TTL)
            service.push.deliveries.clear()

    async def send(self, service: Service, user: User, content: str) -> None:
        command = SendMessageCommand(self.session_id, user.email, FRIENDS, content, ClientMessageId(uuid4()))
        await service.send(user, command, "http")

    async def paid(self) -> None:
        """Returns when the outbox owes nothing."""
        rows = self.here.store.outbox
        await eventually(lambda: all(row.processed_at is not None for row in rows.values()))

    async def undelivered(self, service: Service, user: User) -> list[str]:
        deliveries = await everything(await service.replay.undelivered(user))
        return [ChatMessage.from_json(delivery.body).content for delivery in deliveries]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.start()
    yield world
    await world.stop()


def addressed(service: Service, user: User, queue: str) -> list[Delivery]:
    destination = user_destination(user.email, queue)
    return [delivery for delivery in service.push.deliveries if delivery.destination == destination]


async def test_the_new_holder_of_an_address_reads_nothing_of_the_old_one(world: World) -> None:
    world.reassign(Profile(Q.id, P.email, FRIENDS, "Stranger"), MOVED, B)
    for service in (world.here, world.there):
        with pytest.raises(NotAParticipant):
            await service.history(OLD, world.session_id, limit=9, before=None, after=None)
        with pytest.raises(NotAParticipant):
            await service.unread(OLD, world.session_id, P.email, FRIENDS)
        with pytest.raises(NotAParticipant):
            await service.seen(OLD, MarkSeenCommand(world.session_id, P.email, FRIENDS, 9))
        with pytest.raises(NotAParticipant):
            await service.participants.for_reader(world.session_id, OLD)
        assert await world.undelivered(service, OLD) == []
        page = await service.sessions(OLD, P.email, None, limit=9, cursor=None)
        assert page.sessions == []


async def test_replay_and_list_look_up_the_address_first(world: World) -> None:
    world.reassign(Profile(Q.id, P.email, FRIENDS, "Stranger"), MOVED, B)
    assert await world.undelivered(world.here, OLD) == []
    assert (await world.there.sessions(OLD, P.email, None, limit=9, cursor=None)).sessions == []


async def test_a_message_waits_for_its_receiver_at_the_new_address(world: World) -> None:
    world.reassign(Profile(Q.id, P.email, FRIENDS, "Stranger"), MOVED, B)
    await world.send(world.here, BOB, "private")
    await world.paid()
    assert addressed(world.here, OLD, MESSAGES_QUEUE) == []
    assert len(addressed(world.here, BOB, ACK_QUEUE)) == 1
    await world.here.history(NEW, world.session_id, limit=9, before=None, after=None)
    assert "private" in await world.undelivered(world.here, NEW)
    assert await world.undelivered(world.here, OLD) == []


@pytest.mark.parametrize("is_stranger_first", [True, False])
async def test_a_profile_at_its_new_address_has_all_its_messages(world: World, is_stranger_first: bool) -> None:
    world.reassign(Profile(Q.id, P.email, FRIENDS, "Stranger"), MOVED, B)
    if is_stranger_first:
        await world.here.sessions(OLD, P.email, None, limit=9, cursor=None)
        await world.send(world.here, BOB, "private")
        await world.paid()
    history = await world.there.history(NEW, world.session_id, limit=200, before=None, after=None)
    assert {message.sender_email for message in history} == {B.email, MOVED.email}
    for service in (world.here, world.there):
        service.push.deliveries.clear()
        await world.send(service, BOB, "new")
        await world.paid()
        assert len(addressed(service, NEW, MESSAGES_QUEUE)) == 1
        assert addressed(service, OLD, MESSAGES_QUEUE) == []
        page = await service.sessions(NEW, MOVED.email, None, limit=9, cursor=None)
        assert [summary.session_id for summary in page.sessions] == [world.session_id]
        await service.seen(BOB, MarkSeenCommand(world.session_id, B.email, FRIENDS, 200))
        assert addressed(service, OLD, RECEIPTS_QUEUE) == []


async def test_the_poll_delivers_to_the_profile_and_not_to_the_address_that_was_stored(world: World) -> None:
    broker = world.here.broker
    assert isinstance(broker, AwayBroker)
    broker.ready.clear()
    for user in (OLD, BOB):
        await world.send(world.here, user, "held up")
    await eventually(lambda: world.here.destinations().count(session_topic(world.session_id)) >= 2)
    world.reassign(Profile(Q.id, P.email, FRIENDS, "Stranger"), MOVED, B)
    await world.here.participants.for_reader(world.session_id, NEW)
    broker.ready.set()
    await world.paid()
    for queue in (MESSAGES_QUEUE, ACK_QUEUE):
        assert addressed(world.here, OLD, queue) + addressed(world.there, OLD, queue) == []
        assert addressed(world.here, NEW, queue) + addressed(world.there, NEW, queue) != []


async def test_an_address_that_was_deleted_at_flairbit_gets_nothing(world: World) -> None:
    world.reassign(B)
    with pytest.raises(NotAParticipant):
        await world.here.history(OLD, world.session_id, limit=9, before=None, after=None)
    await world.send(world.here, BOB, "to nobody")
    await world.paid()
    assert session_topic(world.session_id) in world.here.destinations()
    assert addressed(world.here, OLD, MESSAGES_QUEUE) == []


async def test_known_addresses_are_used_while_flairbit_is_away(world: World) -> None:
    world.reassign()
    world.flairbit.away = True
    assert await world.here.history(OLD, world.session_id, limit=9, before=None, after=None)
    await world.send(world.here, BOB, "hello")
    await world.paid()
    assert len(addressed(world.here, OLD, MESSAGES_QUEUE)) == 1


async def test_a_message_looks_up_both_participants_only_when_they_are_not_cached(world: World) -> None:
    asked = world.flairbit.asked
    for _ in range(10):
        await world.send(world.here, BOB, "hello")
    assert world.flairbit.asked == asked
    await world.paid()  # or the other instance may claim what is overdue, and ask about its people
    world.reassign(P, B)
    for _ in range(10):
        await world.send(world.here, BOB, "hello")
    assert world.flairbit.asked == asked + 2


async def test_a_changed_name_is_shown_in_history_and_list(world: World) -> None:
    world.reassign(Profile(P.id, P.email, FRIENDS, "Dr. Kate"), B)
    history = await world.here.history(BOB, world.session_id, limit=200, before=None, after=None)
    assert {message.sender_display_name for message in history} == {"Bob", "Dr. Kate"}
    page = await world.there.sessions(BOB, B.email, None, limit=9, cursor=None)
    assert [summary.peer.display_name for summary in page.sessions] == ["Dr. Kate"]


@pytest.mark.parametrize("missing", [P, B])
async def test_a_profile_missing_in_the_directory_stops_no_message(world: World, missing: Profile) -> None:
    carol = person("carol")
    world.flairbit.knows(P, B, carol)
    other = (await world.here.init(User(carol.email, BOB.expires_at), carol.email, P.email, FRIENDS)).id
    command = SendMessageCommand(other, carol.email, FRIENDS, "from carol", ClientMessageId(uuid4()))
    await world.here.send(User(carol.email, BOB.expires_at), command, "http")
    directory = world.here.remembered
    assert directory is not None
    del directory._profiles[missing.id]  # as after a restore
    for user in (BOB, OLD):
        assert await world.here.history(user, world.session_id, limit=9, before=None, after=None)
        await world.send(world.here, user, "on it goes")
    assert missing == P or "from carol" in await world.undelivered(world.here, OLD)
    world.reassign(P, B, carol)
    reader = await world.here.participants.for_reader(world.session_id, OLD)
    assert "from carol" in await world.undelivered(world.here, OLD)
    replayed = await everything(world.here.replay.session(reader, 0))
    assert len(replayed) == 6


@pytest.mark.parametrize("intent", [None, FRIENDS])
async def test_a_profile_lists_its_sessions_at_its_new_address(world: World, intent: Intent | None) -> None:
    world.reassign(MOVED, B)
    await world.send(world.here, BOB, "while the owner is away")
    page = await world.here.sessions(NEW, MOVED.email, intent, limit=9, cursor=None)
    assert [summary.session_id for summary in page.sessions] == [world.session_id]


async def test_a_profile_replays_and_listens_at_its_new_address(world: World) -> None:
    world.reassign(MOVED, B)
    await world.send(world.here, BOB, "while the owner is away")
    assert "while the owner is away" in await world.undelivered(world.here, NEW)
    for service in (world.here, world.there):
        service.push.deliveries.clear()
        await world.send(service, BOB, "live")
        await world.paid()
        assert len(addressed(service, NEW, MESSAGES_QUEUE)) == 1


async def test_made_up_intents_are_not_stored(world: World) -> None:
    eve = User(Email("eve@example.org"), BOB.expires_at)
    known = set(world.here.remembered._profiles) if world.here.remembered else set()
    for number in range(9):
        page = await world.here.sessions(eve, eve.email, Intent(f"made-up-{number}"), limit=9, cursor=None)
        assert page.sessions == []
    assert world.here.remembered is not None
    assert set(world.here.remembered._profiles) == known
