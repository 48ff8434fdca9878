"""Connections over a transport in memory: two people chat, miss things and get them, misbehave and are told."""

from uuid import uuid4

import msgspec
import pytest

from tests.support.eventually import eventually
from tests.support.memory.service import ANN, EVE
from tests.support.memory.stomp_chat import MAX_SUBSCRIBES, Chat


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"content": " "}, "invalid"),
        ({"content": "half a pair: D800"}, "invalid"),
        ({"sessionId": "no"}, "invalid"),
        ({"senderEmail": EVE.email}, "not-yourself"),
        ({"sessionId": str(uuid4())}, "session-not-found"),
        ({"intent": "work"}, "not-a-participant"),
    ],
)
async def test_a_refused_send_goes_to_the_error_queue(chat: Chat, changes: dict[str, str], code: str) -> None:
    ann = await chat.user(ANN)
    await ann.subscribe("/user/queue/error")
    await ann.subscribe("/user/queue/ack")
    client_id = str(uuid4())
    body = chat.message("x", clientMessageId=client_id, **changes).replace("D800", "\\ud800")
    ann.say("SEND", body, destination="/app/chat.send", receipt="refused")
    (told,) = await ann.got("MESSAGE")
    problem = msgspec.json.decode(told.body)
    assert (problem["code"], problem["clientMessageId"]) == (code, client_id)
    ann.say("SEND", chat.message("well"), destination="/app/chat.send")
    assert (await ann.got("MESSAGE", 2))[1].headers["destination"] == "/user/queue/ack"
    assert "refused" not in [frame.headers["receipt-id"] for frame in ann.of("RECEIPT")]


@pytest.mark.parametrize(
    ("command", "headers", "code"),
    [
        ("SEND", {"destination": "/topic/session.x"}, "forbidden-destination"),
        ("SEND", {"destination": "/user/bob@example.org/queue/messages"}, "forbidden-destination"),
        ("SUBSCRIBE", {"id": "1", "destination": "/queue/messages"}, "forbidden-destination"),
        ("SUBSCRIBE", {"id": "1", "destination": "/topic/session.*"}, "forbidden-destination"),
        ("SUBSCRIBE", {"id": "1", "destination": f"/topic/session.{uuid4()}"}, "session-not-found"),
        ("JUMP", {}, "malformed"),
    ],
)
async def test_a_forbidden_frame_ends_the_connection(
    chat: Chat, command: str, headers: dict[str, str], code: str
) -> None:
    ann = await chat.user(ANN)
    ann.say(command, **headers)
    assert [frame.headers["message"] for frame in await ann.got("ERROR")] == [code]
    await ann.ended()
    assert ann.closed is not None


async def test_a_stranger_gets_nothing_of_a_session(chat: Chat) -> None:
    eve = await chat.user(EVE)
    eve.say("SUBSCRIBE", id="1", destination=chat.topic, resume_after="0")
    assert [frame.headers["message"] for frame in await eve.got("ERROR")] == ["not-a-participant"]
    await eve.ended()


async def test_without_a_valid_token_there_is_an_error_and_the_end(chat: Chat) -> None:
    client = chat.open()
    client.say("CONNECT", accept_version="1.2", Authorization="Bearer forged")
    assert [frame.headers["message"] for frame in await client.got("ERROR")] == ["unauthenticated"]
    await client.ended()


@pytest.mark.parametrize("binary", [True, False])
async def test_the_frames_of_a_client_come_in_the_kind_of_its_connect(chat: Chat, binary: bool) -> None:
    client = chat.open()
    connect = f"CONNECT\naccept-version:1.2\nheart-beat:20,20\nAuthorization:Bearer {ANN.email}\n\n\0"
    client.raw(connect.encode() if binary else connect)
    await client.got("CONNECTED")
    subscribe = "SUBSCRIBE\nid:1\ndestination:/user/queue/ack\nreceipt:r\n\n\0"
    client.raw(subscribe if binary else subscribe.encode())
    await client.got("RECEIPT")
    await eventually(lambda: client.beats > 0)
    client.raw("JUMP\n\n\0")
    await client.got("ERROR")
    assert client.kinds == {binary}


@pytest.mark.parametrize("passcode", [ANN.email, f"Bearer {ANN.email}", f"bearer {ANN.email}"])
async def test_the_passcode_is_taken_as_the_token(chat: Chat, passcode: str) -> None:
    client = chat.open()
    client.say("CONNECT", accept_version="1.2", login="ann", passcode=passcode)
    (connected,) = await client.got("CONNECTED")
    assert connected.headers["user-name"] == ANN.email


@pytest.mark.parametrize(
    "headers",
    [
        {"passcode": "guest"},
        {"passcode": ""},
        {"passcode": "Bearer "},
        {"passcode": ANN.email, "Authorization": "Bearer forged"},
    ],
)
async def test_a_passcode_that_is_not_a_token_is_refused(chat: Chat, headers: dict[str, str]) -> None:
    client = chat.open()
    client.say("CONNECT", accept_version="1.2", **headers)
    assert [frame.headers["message"] for frame in await client.got("ERROR")] == ["unauthenticated"]
    await client.ended()


async def test_the_upgrade_goes_before_the_passcode(chat: Chat) -> None:
    client = chat.open(upgrade_authorization=f"Bearer {ANN.email}")
    client.say("CONNECT", accept_version="1.2", login="guest", passcode="guest")
    await client.got("CONNECTED")


async def test_disconnect_waits_for_the_frames_before_it(chat: Chat) -> None:
    ann = await chat.user(ANN)
    for number in range(50):
        ann.say("SEND", chat.message("hello"), destination="/app/chat.send", receipt=str(number))
    ann.say("DISCONNECT", receipt="bye")
    await ann.ended()
    assert [frame.headers["receipt-id"] for frame in ann.of("RECEIPT")] == [*map(str, range(50)), "bye"]
    assert len(chat.service.store.messages[chat.session_id]) == 50


async def test_a_transaction_is_stored_when_its_commit_is_answered(chat: Chat) -> None:
    ann = await chat.user(ANN)
    ann.say("BEGIN", transaction="t")
    for content in "ab":
        ann.say("SEND", chat.message(content), destination="/app/chat.send", transaction="t", receipt=content)
    ann.say("UNSUBSCRIBE", id="none", receipt="outside")
    await ann.got("RECEIPT")
    assert chat.session_id not in chat.service.store.messages
    ann.say("COMMIT", transaction="t", receipt="done")
    receipts = [frame.headers["receipt-id"] for frame in await ann.got("RECEIPT", 4)]
    assert receipts == ["outside", "a", "b", "done"], "nothing of it is durable before COMMIT"
    assert [message.content for message in chat.service.store.messages[chat.session_id]] == ["a", "b"]


async def test_a_refused_part_refuses_the_transaction(chat: Chat) -> None:
    ann = await chat.user(ANN)
    await ann.subscribe("/user/queue/error")
    ann.say("BEGIN", transaction="t")
    for content in ("good", " ", "good too"):
        ann.say("SEND", chat.message(content), destination="/app/chat.send", transaction="t", receipt="never")
    ann.say("COMMIT", transaction="t", receipt="done")
    refusals = [msgspec.json.decode(frame.body)["code"] for frame in await ann.got("MESSAGE", 3)]
    assert refusals == ["transaction-aborted", "invalid", "transaction-aborted"]

    ann.say("BEGIN", transaction="u")
    ann.say("SEND", chat.message("good"), destination="/app/chat.send", transaction="u")
    ann.say("SEND", "{}", destination=chat.topic, transaction="u")
    ann.say("COMMIT", transaction="u", receipt="never")
    (error,) = await ann.got("ERROR")
    assert (error.headers["message"], error.headers["receipt-id"]) == ("forbidden-destination", "never")
    await ann.ended()
    assert chat.session_id not in chat.service.store.messages
    assert len(ann.of("RECEIPT")) == 1, "that of the subscription"


@pytest.mark.parametrize("headers", [{}, {"replay": "undelivered"}])
async def test_subscriptions_of_a_user_have_a_rate_over_all_its_connections(
    chat: Chat, headers: dict[str, str]
) -> None:
    ann, other = await chat.user(ANN), await chat.user(ANN)
    for number in range(MAX_SUBSCRIBES):
        client = (ann, other)[number % 2]
        await client.subscribe("/user/queue/messages", **headers)
        client.say("UNSUBSCRIBE", id="/user/queue/messages")
    ann.say("SUBSCRIBE", id="1", destination="/user/queue/messages", **headers)
    assert [frame.headers["message"] for frame in await ann.got("ERROR")] == ["rate-limited"]
    await (await chat.user(EVE)).subscribe("/user/queue/messages")
