"""A RECEIPT is durable or does not come, whatever becomes of the store meanwhile."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from adapters.stomp.transport import CloseReason
from domain.errors import StoreUnavailable
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB
from tests.unit.stomp.test_stomp_connection import Chat, Client


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    chat = Chat()
    await chat.start()
    yield chat
    chat.service.outage.away = False
    chat.service.outage.thaw()
    await chat.stop()


def limit(chat: Chat, **limits: float) -> None:
    chat.services = dataclasses.replace(chat.services, limits=dataclasses.replace(chat.services.limits, **limits))


async def ann_of(chat: Chat) -> Client:
    ann = await chat.user(ANN)
    await ann.subscribe("/user/queue/error")
    return ann


def send(client: Client, message: str, **headers: str) -> None:
    client.say("SEND", message, destination="/app/chat.send", **headers)


def transaction(client: Client, *messages: str, receipt: str = "committed") -> None:
    client.say("BEGIN", transaction="t")
    for message in messages:
        send(client, message, transaction="t")
    client.say("COMMIT", transaction="t", receipt=receipt)


def receipts(client: Client) -> list[str]:
    """Those that are no subscription's."""
    return [name for frame in client.of("RECEIPT") if len(name := frame.headers["receipt-id"]) < 36]


async def problems(client: Client, count: int) -> list[str]:
    return [msgspec.json.decode(frame.body)["code"] for frame in await client.got("MESSAGE", count)]


def problems_of(client: Client) -> list[dict[str, Any]]:
    frames = [frame for frame in client.of("MESSAGE") if frame.headers["destination"] == "/user/queue/error"]
    return [msgspec.json.decode(frame.body) for frame in frames]


def stored(chat: Chat) -> list[str]:
    return [message.content for message in chat.service.store.messages.get(chat.session_id, [])]


async def nothing_waits(chat: Chat) -> None:
    """Returns when the store was asked for all that was sent so far."""
    await eventually(lambda: not chat.service.intake._batcher._pending)


async def test_no_receipt_overtakes_an_undecided_frame(chat: Chat) -> None:
    ann = await ann_of(chat)
    chat.service.outage.freeze()
    send(ann, chat.message("first"), receipt="first")
    send(ann, chat.message("no receipt asked"))
    ann.say("SUBSCRIBE", id="topic", destination=chat.topic, receipt="subscribed")
    send(ann, chat.message("last"), receipt="last")
    await eventually(lambda: len(chat.hub._subscribers.get(chat.topic, ())) == 1)
    assert receipts(ann) == []
    chat.service.outage.thaw()
    await eventually(lambda: receipts(ann) == ["first", "subscribed", "last"])


async def test_a_refused_frame_holds_up_no_receipt(chat: Chat) -> None:
    ann = await ann_of(chat)
    chat.service.outage.freeze()
    send(ann, chat.message("before"), receipt="before")
    send(ann, chat.message(" "), receipt="refused")
    ann.say("BEGIN", transaction="t", receipt="begun")
    assert await problems(ann, 1) == ["invalid"]
    chat.service.outage.thaw()
    await eventually(lambda: receipts(ann) == ["before", "begun"])


async def test_what_is_not_decided_in_time_ends_the_connection_without_a_receipt(chat: Chat) -> None:
    limit(chat, decide_within=0.05)
    ann = await ann_of(chat)
    chat.service.outage.freeze()
    send(ann, chat.message("undecided"), receipt="undecided")
    assert [frame.headers["message"] for frame in await ann.got("ERROR")] == ["unavailable"]
    await ann.ended()
    assert (ann.closed, receipts(ann)) == (CloseReason.UNAVAILABLE.value, [])


async def test_goodbye_gets_no_receipt_while_a_send_before_it_is_undecided(chat: Chat) -> None:
    limit(chat, disconnect_timeout=0.05)
    ann = await ann_of(chat)
    chat.service.outage.freeze()
    send(ann, chat.message("undecided"))
    ann.say("DISCONNECT", receipt="bye")
    await ann.ended()
    assert (ann.closed, receipts(ann)) == (CloseReason.UNAVAILABLE.value, [])


async def test_frames_that_wait_for_their_turn_are_limited(chat: Chat) -> None:
    limit(chat, max_in_flight=3)
    ann = await ann_of(chat)
    chat.service.outage.freeze()
    for number in range(10):
        send(ann, chat.message(str(number)), receipt=str(number))
    await eventually(lambda: ann._incoming.qsize() == 6)
    await asyncio.sleep(0)
    assert ann._incoming.qsize() == 6
    chat.service.outage.thaw()
    await eventually(lambda: receipts(ann) == [str(number) for number in range(10)])


async def test_a_transaction_is_refused_whole_while_the_store_is_away(chat: Chat) -> None:
    ann = await ann_of(chat)
    send(ann, chat.message("before"), receipt="before")
    await eventually(lambda: receipts(ann) == ["before"])
    chat.service.outage.away = True
    transaction(ann, chat.message("a"), chat.message("b"))
    assert await problems(ann, 2) == ["unavailable"] * 2
    chat.service.outage.away = False
    transaction(ann, chat.message("c"), chat.message("d"), receipt="again")
    await eventually(lambda: receipts(ann) == ["before", "again"])
    assert stored(chat) == ["before", "c", "d"]


async def test_a_transaction_over_the_rate_is_refused_whole(chat: Chat) -> None:
    chat.service.limit._per_second = 1  # and two at once
    ann = await ann_of(chat)
    transaction(ann, *(chat.message(content) for content in "abc"))
    assert await problems(ann, 3) == ["rate-limited"] * 3
    transaction(ann, *(chat.message(content) for content in "de"), receipt="fewer")
    await eventually(lambda: receipts(ann) == ["fewer"])
    assert stored(chat) == ["d", "e"]


async def test_of_a_transaction_with_a_conflict_nothing_is_stored_and_each_is_told(chat: Chat) -> None:
    ann = await ann_of(chat)
    used, ids = str(uuid4()), [str(uuid4()) for _ in range(2)]
    send(ann, chat.message("first", clientMessageId=used), receipt="first")
    transaction(
        ann,
        chat.message("a", clientMessageId=ids[0]),
        chat.message("else", clientMessageId=used),
        chat.message("b", clientMessageId=ids[1]),
    )
    told = [msgspec.json.decode(frame.body) for frame in await ann.got("MESSAGE", 3)]
    assert [(one["clientMessageId"], one["code"]) for one in told] == [
        (ids[0], "transaction-aborted"),
        (used, "idempotency-conflict"),
        (ids[1], "transaction-aborted"),
    ]
    assert (stored(chat), receipts(ann)) == (["first"], ["first"])


async def test_a_transaction_that_is_repeated_is_acked_again(chat: Chat) -> None:
    ann = await chat.user(ANN)
    await ann.subscribe("/user/queue/ack")
    messages = [chat.message(content) for content in "ab"]
    for _ in range(2):
        transaction(ann, *messages)
    acks = [msgspec.json.decode(frame.body)["seq"] for frame in await ann.got("MESSAGE", 4)]
    assert acks == [1, 2, 1, 2]
    await eventually(lambda: receipts(ann) == ["committed"] * 2)


async def test_a_seen_mark_that_fails_after_the_messages_of_its_transaction_ends_the_connection(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_away(*_: Any) -> int:
        raise StoreUnavailable

    monkeypatch.setattr(chat.service.seen._messages, "mark_seen", is_away)
    ann = await ann_of(chat)
    seen = msgspec.json.encode(
        {"sessionId": str(chat.session_id), "readerEmail": ANN.email, "intent": "friends", "upToSeq": 1}
    ).decode()
    ann.say("BEGIN", transaction="alone")
    ann.say("SEND", seen, destination="/app/chat.seen", transaction="alone")
    ann.say("COMMIT", transaction="alone", receipt="alone")
    assert await problems(ann, 1) == ["unavailable"]

    ann.say("BEGIN", transaction="t")
    ann.say("SEND", seen, destination="/app/chat.seen", transaction="t")
    send(ann, chat.message("stored"), transaction="t")
    ann.say("COMMIT", transaction="t", receipt="both")
    (error,) = await ann.got("ERROR")
    assert (error.headers["message"], error.headers["receipt-id"]) == ("unavailable", "both")
    await ann.ended()
    assert (stored(chat), receipts(ann)) == (["stored"], [])


async def unacked(chat: Chat, *contents: str) -> tuple[Client, Sequence[str]]:
    """Bob, and the ids of messages that wait for his ACK."""
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    await bob.subscribe("/user/queue/messages", ack="client-individual")
    for content in contents:
        send(ann, chat.message(content))
    return bob, [frame.headers["ack"] for frame in await bob.got("MESSAGE", len(contents))]


def delivered(chat: Chat) -> list[bool]:
    return [message.delivered for message in chat.service.store.messages[chat.session_id]]


async def test_the_receipt_of_an_ack_says_that_its_mark_is_in_the_store(chat: Chat) -> None:
    bob, (first, second) = await unacked(chat, "a", "b")
    chat.service.outage.freeze()
    bob.say("ACK", id=first, receipt="acked")
    bob.say("ACK", id=second)
    await eventually(lambda: not chat.service.acks._pending)
    assert (delivered(chat), receipts(bob)) == ([False, False], [])
    chat.service.outage.thaw()
    await bob.got("RECEIPT", 2)
    assert delivered(chat)[0]
    await eventually(lambda: delivered(chat) == [True, True])


async def test_an_ack_that_cannot_be_stored_ends_the_connection_without_its_receipt(chat: Chat) -> None:
    bob, (first, second) = await unacked(chat, "a", "b")
    chat.service.outage.away = True
    bob.say("ACK", id=first)
    bob.say("ACK", id=second, receipt="acked")
    (error,) = await bob.got("ERROR")
    assert (error.headers["message"], error.headers["receipt-id"]) == ("unavailable", "acked")
    await bob.ended()
    assert (bob.closed, receipts(bob)) == (CloseReason.UNAVAILABLE.value, [])


async def test_goodbye_gets_no_receipt_while_an_ack_before_it_is_not_stored(chat: Chat) -> None:
    bob, (first,) = await unacked(chat, "a")
    chat.service.outage.away = True
    bob.say("ACK", id=first)
    bob.say("DISCONNECT", receipt="bye")
    await bob.ended()
    assert (bob.closed, receipts(bob)) == (CloseReason.UNAVAILABLE.value, [])


async def test_an_ack_of_nothing_that_waits_is_answered(chat: Chat) -> None:
    bob, (first,) = await unacked(chat, "a")
    bob.say("ACK", id="undefined", receipt="undefined")
    bob.say("ACK", id=first, receipt="first")
    bob.say("ACK", id=first, receipt="again")
    await eventually(lambda: receipts(bob) == ["undefined", "first", "again"])


async def test_the_acks_of_a_refused_transaction_are_not_done_and_can_be_sent_again(chat: Chat) -> None:
    bob, (first,) = await unacked(chat, "a")
    await bob.subscribe("/user/queue/error")
    bob.say("BEGIN", transaction="t")
    send(bob, chat.message(" ", senderEmail=BOB.email), transaction="t")
    bob.say("ACK", id=first, transaction="t")
    bob.say("COMMIT", transaction="t", receipt="committed")
    await bob.got("MESSAGE", 2)
    assert delivered(chat) == [False]
    bob.say("BEGIN", transaction="u")
    bob.say("ACK", id=first, transaction="u")
    bob.say("COMMIT", transaction="u", receipt="acked")
    await eventually(lambda: receipts(bob) == ["acked"])
    assert delivered(chat) == [True]


async def test_a_stop_of_the_instance_gives_no_receipt_for_what_is_undecided(chat: Chat) -> None:
    ann = await ann_of(chat)
    chat.service.outage.freeze()
    send(ann, chat.message("undecided"), receipt="undecided")
    await nothing_waits(chat)
    await chat.connections.drain(5)
    chat.service.outage.thaw()
    await eventually(lambda: stored(chat) == ["undecided"])
    assert (ann.closed, receipts(ann)) == (CloseReason.SHUTDOWN.value, [])


async def test_an_ack_after_unsubscribe_marks_its_message(chat: Chat) -> None:
    bob, (first,) = await unacked(chat, "a")
    bob.say("UNSUBSCRIBE", id="/user/queue/messages")
    bob.say("ACK", id=first, receipt="acked")
    await eventually(lambda: receipts(bob) == ["acked"])
    assert delivered(chat) == [True]


async def too_late(chat: Chat) -> tuple[Client, str, str]:
    """Bob, the id of a message that is forgotten, and of one that may still be ACKed."""
    bob, ids = await unacked(chat, "a")
    for _ in range(3):  # of those of ended subscriptions three may wait
        bob.say("UNSUBSCRIBE", id="/user/queue/messages")
        await bob.subscribe("/user/queue/messages", ack="client-individual", replay="undelivered")
        ids = [frame.headers["ack"] for frame in await bob.got("MESSAGE", len(ids) + 1)]
    bob.say("UNSUBSCRIBE", id="/user/queue/messages")
    await bob.subscribe("/user/queue/error")
    return bob, ids[0], ids[-1]


async def test_an_ack_of_a_message_that_was_forgotten_gets_no_receipt_and_is_told(chat: Chat) -> None:
    bob, forgotten, known = await too_late(chat)
    bob.say("ACK", id=forgotten, receipt="forgotten")
    await eventually(lambda: [problem["code"] for problem in problems_of(bob)] == ["ack-too-late"])
    assert delivered(chat) == [False]
    bob.say("ACK", id=known, receipt="known")
    await eventually(lambda: receipts(bob) == ["known"])
    assert delivered(chat) == [True]


async def test_a_transaction_with_an_ack_of_a_forgotten_message_is_refused_whole(chat: Chat) -> None:
    bob, forgotten, known = await too_late(chat)
    bob.say("BEGIN", transaction="t")
    send(bob, chat.message("b", senderEmail=BOB.email), transaction="t")
    for message_id in (forgotten, known):
        bob.say("ACK", id=message_id, transaction="t")
    bob.say("COMMIT", transaction="t", receipt="committed")
    await eventually(lambda: len(problems_of(bob)) == 2)
    assert [problem["code"] for problem in problems_of(bob)] == ["ack-too-late", "transaction-aborted"]
    assert (stored(chat), receipts(bob), delivered(chat)) == (["a"], [], [False])
