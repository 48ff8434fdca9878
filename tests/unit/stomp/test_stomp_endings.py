"""How connections end: slow, silent, too many, drained, or with their token."""

import asyncio
from datetime import timedelta
from time import monotonic

import pytest

from adapters.stomp.transport import CloseReason
from domain.errors import Unavailable
from domain.principal import User
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, EVE
from tests.support.memory.stomp_chat import Chat
from tests.support.people import NOW
from tests.unit.stomp.test_stomp_delivery import contents


async def test_a_connection_ends_with_its_token_unless_it_is_renewed(chat: Chat) -> None:
    for user in (ANN, BOB):
        chat.users[user.email] = User(user.email, NOW + timedelta(seconds=0.2))
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    chat.users[BOB.email] = BOB
    bob.say("SEND", destination="/app/auth.renew", Authorization=f"Bearer {BOB.email}", receipt="renewed")
    await bob.got("RECEIPT")
    assert [frame.headers["message"] for frame in await ann.got("ERROR")] == ["token-expired"]
    await ann.ended()
    await bob.subscribe(chat.topic)
    assert bob.closed is None


async def test_queued_messages_are_dropped_when_the_token_expires(chat: Chat) -> None:
    ann, bob = await chat.user(ANN), chat.open()
    chat.users[BOB.email] = User(BOB.email, NOW + timedelta(seconds=0.5))
    await bob.connect(BOB)
    await bob.subscribe("/user/queue/messages")
    bob.reads = False
    for content in "abc":
        ann.say("SEND", chat.message(content), destination="/app/chat.send", receipt=content)
    await ann.got("RECEIPT", 3)
    await eventually(lambda: bob.expired)
    bob.reads = True
    await bob.ended()
    assert contents(bob.of("MESSAGE")) == ["a"], "which was on its way"
    assert bob.frames[-1].headers["message"] == "token-expired"


@pytest.mark.parametrize("where", ["topic", "/user/queue/messages", "/user/queue/ack"])
async def test_a_burst_is_not_the_slowness_of_its_reader(chat: Chat, where: str) -> None:
    ann, reader = await chat.user(ANN), await chat.user(ANN if where.endswith("ack") else BOB)
    await reader.subscribe(chat.topic if where == "topic" else where)
    reader.reads = False
    for number in range(40):
        ann.say("SEND", chat.message(f"{number}" + "x" * 3_000), destination="/app/chat.send", receipt="r")
    await ann.got("RECEIPT", 40)
    await eventually(lambda: reader.unsent > 20_000)
    assert reader.unsent < 50_000, "the rest waits in the store"
    reader.check(monotonic() + 9)
    assert not reader.expired
    reader.reads = True
    await reader.got("MESSAGE", 40)
    assert [frame.headers["seq"] for frame in reader.of("MESSAGE")] == [str(seq) for seq in range(1, 41)]


async def test_a_client_that_does_not_read_unstored_frames_is_slow(chat: Chat) -> None:
    ann, other = await chat.user(ANN), await chat.user(ANN)
    await other.subscribe("/user/queue/error")
    other.reads = False
    for number in range(400):
        ann.say("SEND", "{}", destination="/app/chat.send", receipt=str(number))
    await eventually(lambda: other.unsent > 50_000)
    assert not other.expired, "it may be a burst"
    other.check(monotonic() + 2)
    await other.ended()
    assert other.closed == CloseReason.SLOW_CONSUMER.value


async def test_nothing_more_is_handled_of_a_client_that_reads_no_answers(chat: Chat) -> None:
    ann = await chat.user(ANN)
    await ann.subscribe("/user/queue/error")
    ann.reads = False
    for number in range(1_000):
        ann.say("SEND", "{}", destination="/app/chat.send", receipt=str(number))
    await eventually(lambda: ann.unsent > 25_000)
    for _ in range(100):
        await asyncio.sleep(0)
    assert ann.unsent < 30_000
    ann.reads = True
    await ann.got("MESSAGE", 1_000)
    assert not ann.expired


async def test_a_client_that_does_not_read_its_replay_is_slow(chat: Chat) -> None:
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    for number in range(20):
        ann.say("SEND", chat.message("x" * 3_000), destination="/app/chat.send", receipt=str(number))
    await ann.got("RECEIPT", 20)
    bob.reads = False
    bob.say("SUBSCRIBE", id="1", destination=chat.topic, resume_after="0")
    for _ in range(20):  # while 60,000 octets of 50,000 wait
        ann.say("SEND", chat.message("x" * 3_000), destination="/app/chat.send", receipt="live")
    await ann.got("RECEIPT", 40)
    await eventually(lambda: bob.unsent > 0)
    bob.check(monotonic() + 9)
    assert not bob.expired, "what is in the store is no reason"
    bob.check(monotonic() + 11)
    await bob.ended()
    assert bob.closed == CloseReason.SLOW_CONSUMER.value


async def test_a_client_that_misses_its_heart_beats_is_closed(chat: Chat) -> None:
    client = chat.open()
    client.say("CONNECT", accept_version="1.2", Authorization=f"Bearer {ANN.email}", heart_beat="20,20")
    await client.got("CONNECTED")
    await client.ended()
    assert client.closed == CloseReason.IDLE.value
    assert client.beats > 0


async def test_a_client_that_never_connects_is_cut_off(chat: Chat) -> None:
    client = chat.open()
    await client.ended()
    assert [frame.headers["message"] for frame in client.of("ERROR")] == ["unauthenticated"]


async def test_a_user_has_a_limited_number_of_connections(chat: Chat) -> None:
    clients = [await chat.user(ANN) for _ in range(3)]
    refused = chat.open()
    refused.say("CONNECT", accept_version="1.2", Authorization=f"Bearer {ANN.email}")
    assert [frame.headers["message"] for frame in await refused.got("ERROR")] == ["rate-limited"]
    await refused.ended()
    clients[0].hang_up()
    await clients[0].ended()
    await chat.user(ANN)


async def test_draining_closes_all_connections_with_going_away(chat: Chat) -> None:
    clients = [await chat.user(user) for user in (ANN, BOB, EVE)]
    await chat.connections.drain(5)
    assert {client.closed for client in clients} == {CloseReason.SHUTDOWN.value}
    assert not chat.connections.open_to_more


async def test_after_a_gap_all_clients_are_asked_to_resume(chat: Chat) -> None:
    clients = [await chat.user(user) for user in (ANN, BOB)]
    chat.connections.ask_to_resume()
    for client in clients:
        await client.ended()
        assert client.closed == CloseReason.RESUME.value
    assert chat.connections.open_to_more
    await chat.user(ANN)


async def test_a_second_gap_reaches_clients_that_are_back(chat: Chat) -> None:
    for _ in range(3):
        client = await chat.user(ANN)
        chat.connections.ask_to_resume()
        await client.ended()
        assert client.closed == CloseReason.RESUME.value


async def test_a_frame_that_needs_the_store_while_it_is_away_is_unavailable(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_away(*_: object) -> None:
        raise Unavailable("the database is away")

    monkeypatch.setattr(chat.service.participants, "for_reader", is_away)
    client = await chat.user(ANN)
    client.say("SUBSCRIBE", id="1", destination=chat.topic)
    assert [frame.headers["message"] for frame in await client.got("ERROR")] == ["unavailable"]
    await client.ended()
    assert client.closed == CloseReason.UNAVAILABLE.value
