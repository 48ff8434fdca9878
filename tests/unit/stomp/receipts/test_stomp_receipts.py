"""A RECEIPT is durable or does not come, whatever becomes of the store meanwhile."""

import asyncio
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from adapters.stomp.transport import CloseReason
from domain.errors import StoreUnavailable
from tests.support.eventually import eventually
from tests.support.memory.service import ANN
from tests.support.memory.stomp_chat import Chat
from tests.unit.stomp.receipts.sending import ann_of, limit, problems, receipts, send, stored, transaction


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


async def test_a_refused_frame_delays_no_receipt(chat: Chat) -> None:
    ann = await ann_of(chat)
    chat.service.outage.freeze()
    send(ann, chat.message("before"), receipt="before")
    send(ann, chat.message(" "), receipt="refused")
    ann.say("BEGIN", transaction="t", receipt="begun")
    assert await problems(ann, 1) == ["invalid"]
    chat.service.outage.thaw()
    await eventually(lambda: receipts(ann) == ["before", "begun"])


async def test_a_frame_that_is_not_decided_in_time_ends_the_connection(chat: Chat) -> None:
    limit(chat, decide_within=0.05)
    ann = await ann_of(chat)
    chat.service.outage.freeze()
    send(ann, chat.message("undecided"), receipt="undecided")
    assert [frame.headers["message"] for frame in await ann.got("ERROR")] == ["unavailable"]
    await ann.ended()
    assert (ann.closed, receipts(ann)) == (CloseReason.UNAVAILABLE.value, [])


async def test_disconnect_gets_no_receipt_while_a_send_is_undecided(chat: Chat) -> None:
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
    await eventually(lambda: len(ann.unheard) == 7)
    await asyncio.sleep(0)
    assert len(ann.unheard) == 7
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


async def test_a_conflict_refuses_each_message_of_its_transaction(chat: Chat) -> None:
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
