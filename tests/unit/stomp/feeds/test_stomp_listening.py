"""SUBSCRIBE is confirmed when deliveries of all instances come here; what may be missing is read, or resumed."""

import asyncio
import gc
from time import monotonic

import pytest

from adapters.rabbitmq.deliveries.bindings import Bindings
from adapters.rabbitmq.settings import RabbitSettings
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB
from tests.support.memory.stomp_chat import Chat, Client

TOPIC = "the topic"


class HeldListening:
    """A broker that has not bound anything yet."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.bound = asyncio.Event()

    async def listen(self, destination: str) -> None:
        self.asked.append(destination)
        await self.bound.wait()


@pytest.fixture
def held(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> HeldListening:
    held = HeldListening()
    monkeypatch.setattr(chat.service.broker, "listen", held.listen)
    return held


@pytest.mark.parametrize(
    ("destination", "headers"),
    [
        ("/user/queue/messages", {}),
        ("/user/queue/messages", {"ack": "client"}),
        ("/user/queue/messages", {"replay": "undelivered"}),
        ("/user/queue/ack", {}),
        ("/user/queue/error", {}),
        ("/user/queue/receipts", {"receipts": "all"}),
        (TOPIC, {}),
        (TOPIC, {"ack": "client"}),
        (TOPIC, {"resume-after": "0"}),
    ],
)
async def test_a_subscription_is_confirmed_once_it_is_bound(
    chat: Chat, held: HeldListening, destination: str, headers: dict[str, str]
) -> None:
    bob = await chat.user(BOB)
    where = chat.topic if destination == TOPIC else destination
    bob.say("SUBSCRIBE", destination=where, id="1", receipt="subscribed", **headers)
    await eventually(lambda: len(held.asked) >= 1)
    bob.say("UNSUBSCRIBE", id="1", receipt="unsubscribed")
    for _ in range(20):
        await asyncio.sleep(0)
    assert bob.of("RECEIPT") == []
    held.bound.set()
    receipts = await bob.got("RECEIPT", 2)
    assert [frame.headers["receipt-id"] for frame in receipts] == ["subscribed", "unsubscribed"]
    assert len(held.asked) == 1 + ("receipts" in headers) + (destination == TOPIC)


@pytest.fixture
def away(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> RabbitSettings:
    """The bindings of a broker that was lost just now."""
    settings = RabbitSettings(bind_patience=0.5)
    bindings = Bindings(settings, lambda _: None)
    monkeypatch.setattr(chat.service.broker, "listen", bindings.listen)
    monkeypatch.setattr(chat.service.broker, "unlisten", bindings.unlisten)
    return settings


@pytest.mark.parametrize("steps", range(4))
@pytest.mark.parametrize(
    ("destination", "headers"),
    [
        ("/user/queue/messages", {"replay": "undelivered"}),
        ("/user/queue/receipts", {"receipts": "all"}),
        ("/user/queue/events", {}),
        (TOPIC, {}),
    ],
)
@pytest.mark.usefixtures("away")
async def test_a_client_that_goes_before_it_is_bound_leaves_no_coroutine_behind(
    chat: Chat, destination: str, headers: dict[str, str], steps: int
) -> None:
    bob = await chat.user(BOB)
    where = chat.topic if destination == TOPIC else destination
    bob.say("SUBSCRIBE", destination=where, id="1", receipt="subscribed", **headers)
    for _ in range(steps):
        await asyncio.sleep(0)
    bob.hang_up()
    await bob.ended()
    await asyncio.sleep(0)
    gc.collect()  # a coroutine that was never awaited warns now, which fails the test


async def test_all_destinations_of_a_subscription_are_waited_for_together(chat: Chat, away: RabbitSettings) -> None:
    bob = await chat.user(BOB)
    began = monotonic()
    bob.say("SUBSCRIBE", destination="/user/queue/events", id="1", receipt="subscribed")
    await bob.got("RECEIPT")
    assert monotonic() - began < 5 * away.bind_patience, "its five destinations one after the other"


async def test_a_replay_begins_once_it_is_bound(chat: Chat, held: HeldListening) -> None:
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    ann.say("SEND", chat.message("hello"), destination="/app/chat.send", receipt="sent")
    await ann.got("RECEIPT")
    bob.say("SUBSCRIBE", destination="/user/queue/messages", id="1", replay="undelivered")
    await eventually(lambda: len(held.asked) == 1)
    for _ in range(20):
        await asyncio.sleep(0)
    assert bob.of("MESSAGE") == []
    held.bound.set()
    await bob.got("MESSAGE")


async def lose(chat: Chat, monkeypatch: pytest.MonkeyPatch, bob: Client) -> None:
    """A message that the broker does not bring here."""
    ann = await chat.user(ANN)
    with monkeypatch.context() as patch:
        patch.setattr(chat.hub, "push", lambda _: None)
        ann.say("SEND", chat.message("lost"), destination="/app/chat.send", receipt="sent")
        await ann.got("RECEIPT")
        await eventually(lambda: chat.service.counters.outbox_processed > 0)
    assert bob.of("MESSAGE") == []


@pytest.mark.parametrize(
    ("destination", "headers"), [("/user/queue/messages", {"replay": "undelivered"}), (TOPIC, {"resume-after": "0"})]
)
async def test_possibly_missed_messages_are_read_from_the_store(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, destination: str, headers: dict[str, str]
) -> None:
    bob = await chat.user(BOB)
    await bob.subscribe(chat.topic if destination == TOPIC else destination, **headers)
    await lose(chat, monkeypatch, bob)
    chat.hub.missed(list(chat.hub._subscribers))
    (message,) = await bob.got("MESSAGE")
    assert b"lost" in message.body
    assert not bob.expired


async def test_a_client_without_a_replay_is_asked_to_reconnect(chat: Chat) -> None:
    bob, ann = await chat.user(BOB), await chat.user(ANN)
    await bob.subscribe("/user/queue/messages")
    await ann.subscribe("/user/queue/ack")
    chat.hub.missed([f"user:{BOB.email}:/queue/messages", "user:nobody@example.org:/queue/ack"])
    await bob.ended()
    assert bob.closed is not None
    assert bob.closed.code == 1012
    assert not ann.expired
