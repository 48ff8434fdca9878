"""What was delivered is told to its sender, and what was seen to the reader's other devices, if they ask for it."""

from collections.abc import AsyncIterator, Mapping
from time import monotonic
from typing import Any

import msgspec
import pytest

from adapters.stomp.hub import head_of
from application.ports.messages import Sending
from application.ports.push import Delivery
from domain.destination import is_instance_destination
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, EVE
from tests.support.memory.stomp_chat import Chat, Client
from tests.support.people import FRIENDS


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    chat = Chat()
    await chat.start()
    chat.service.delivered_receipts.start()
    yield chat
    await chat.service.delivered_receipts.stop()
    await chat.stop()


async def hears_all(client: Client) -> Client:
    await client.subscribe("/user/queue/receipts", receipts="all")
    return client


def heard(client: Client) -> list[dict[str, Any]]:
    """The receipts that came; all are for the destination as it was subscribed."""
    return [
        msgspec.json.decode(frame.body)
        for frame in client.of("MESSAGE")
        if frame.headers["destination"] == "/user/queue/receipts"
    ]


def up_to(client: Client) -> list[int]:
    return [receipt["deliveredUpToSeq"] for receipt in heard(client) if "deliveredUpToSeq" in receipt]


def send(client: Client, chat: Chat, *contents: str) -> None:
    for content in contents:
        client.say("SEND", chat.message(content), destination="/app/chat.send", receipt=content)


async def test_the_sender_hears_how_far_its_messages_were_delivered(chat: Chat) -> None:
    ann, plain, bob = await hears_all(await chat.user(ANN)), await chat.user(ANN), await chat.user(BOB)
    await plain.subscribe("/user/queue/receipts")
    await bob.subscribe("/user/queue/messages")
    send(ann, chat, "a")
    await eventually(lambda: up_to(ann) == [1])
    (receipt,) = heard(ann)
    assert receipt.keys() == {"sessionId", "readerId", "readerEmail", "deliveredUpToSeq", "deliveredAt"}
    assert (receipt["sessionId"], receipt["readerEmail"]) == (str(chat.session_id), BOB.email)
    send(ann, chat, "b", "c")
    await eventually(lambda: up_to(ann)[-1] == 3)
    assert heard(plain) == []


async def test_nothing_is_read_while_no_user_subscribes_to_receipts(chat: Chat) -> None:
    receipts, asked = chat.service.delivered_receipts, list[int]()
    receipts._rounds.interval = 0.001
    look_up = receipts._messages.delivered_up_to

    async def counted(known: Mapping[Sending, int]) -> Mapping[Sending, int]:
        asked.append(len(known))
        return await look_up(known)

    receipts._messages.delivered_up_to = counted  # type: ignore[method-assign]
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    await ann.subscribe("/user/queue/receipts")
    await bob.subscribe("/user/queue/messages")
    send(ann, chat, "a")
    await bob.got("MESSAGE")
    await chat.service.delivered.flush()
    await eventually(lambda: not receipts._rounds.noted)
    assert asked == []
    listener = await hears_all(await chat.user(ANN))
    send(ann, chat, "b")
    await eventually(lambda: up_to(listener) == [2])
    assert asked == [1]


async def test_receipts_of_a_session_are_joined(chat: Chat) -> None:
    chat.service.delivered_receipts._rounds.interval = interval = 0.3
    ann, bob = await hears_all(await chat.user(ANN)), await chat.user(BOB)
    await bob.subscribe("/user/queue/messages")
    send(ann, chat, "first")
    await eventually(lambda: up_to(ann) == [1])
    began = monotonic()
    for number in range(50):
        send(ann, chat, str(number))
    await eventually(lambda: up_to(ann)[-1] == 51)
    assert len(up_to(ann)) <= 3 + (monotonic() - began) / interval


async def test_no_receipt_goes_beyond_a_message_that_is_not_delivered(chat: Chat) -> None:
    ann = await hears_all(await chat.user(ANN))
    send(ann, chat, "missed")
    await ann.got("RECEIPT", 2)
    bob = await chat.user(BOB)
    await bob.subscribe("/user/queue/messages")
    send(ann, chat, "live", "live too")
    await bob.got("MESSAGE", 2)
    await chat.service.delivered.flush()
    await bob.subscribe(chat.topic, resume_after="0")
    await eventually(lambda: up_to(ann) != [])
    assert up_to(ann) == [3]


async def test_a_seen_mark_reaches_the_other_devices_and_the_sender_once(chat: Chat) -> None:
    ann = await hears_all(await chat.user(ANN))
    phone, desk, plain = await chat.user(BOB), await hears_all(await chat.user(BOB)), await chat.user(BOB)
    await plain.subscribe("/user/queue/receipts")
    send(ann, chat, "a")
    await ann.got("RECEIPT", 2)
    seen = {"sessionId": str(chat.session_id), "readerEmail": BOB.email, "intent": FRIENDS, "upToSeq": 1}
    phone.say("SEND", msgspec.json.encode(seen).decode(), destination="/app/chat.seen", receipt="seen")
    await phone.got("RECEIPT")
    await eventually(lambda: len(heard(desk)) == 1 and len(heard(ann)) == 1)
    assert heard(desk) == heard(ann)
    assert (heard(desk)[0]["readerEmail"], heard(desk)[0]["upToSeq"]) == (BOB.email, 1)
    assert heard(plain) == []


async def test_after_unsubscribe_nothing_is_heard(chat: Chat) -> None:
    ann = await hears_all(await chat.user(ANN))
    ann.say("UNSUBSCRIBE", id="/user/queue/receipts", receipt="gone")
    await ann.got("RECEIPT", 2)
    assert all(is_instance_destination(destination) for destination in chat.hub._subscribers)


@pytest.mark.parametrize("wanted", ["some", "ALL", ""])
async def test_an_unknown_wish_is_an_error(chat: Chat, wanted: str) -> None:
    ann = await chat.user(ANN)
    ann.say("SUBSCRIBE", id="1", destination="/user/queue/receipts", receipts=wanted)
    assert [frame.headers["message"] for frame in await ann.got("ERROR")] == ["malformed"]
    await ann.ended()


async def test_the_queue_behind_it_is_not_open_to_clients(chat: Chat) -> None:
    eve = await chat.user(EVE)
    eve.say("SUBSCRIBE", id="1", destination="/user/queue/receipts.all")
    assert [frame.headers["message"] for frame in await eve.got("ERROR")] == ["forbidden-destination"]
    await eve.ended()


def test_its_frames_name_the_destination_that_was_subscribed() -> None:
    assert "destination:/user/queue/receipts\n" in head_of(Delivery("user:a@b.c:/queue/receipts.all", "{}"))
