"""What a subscription gets: live, after a gap, as fast as its client ACKs, and each message once."""

import msgspec
import pytest

from adapters.stomp.protocol.frames.frame import Frame
from domain.identifiers import Email
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB
from tests.support.memory.stomp_chat import Chat
from tests.support.people import FRIENDS


def contents(frames: list[Frame]) -> list[str]:
    return [msgspec.json.decode(frame.body)["content"] for frame in frames]


async def test_a_message_goes_from_socket_to_socket_and_is_acked_and_marked_delivered(chat: Chat) -> None:
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    await ann.subscribe("/user/queue/ack")
    await bob.subscribe("/user/queue/messages")
    ann.say("SEND", chat.message("hello"), destination="/app/chat.send", receipt="sent")
    (message,) = await bob.got("MESSAGE")
    (ack,) = await ann.got("MESSAGE")
    assert message.body == ack.body
    assert (message.headers["destination"], message.headers["seq"]) == ("/user/queue/messages", "1")
    assert message.headers["session-id"] == str(chat.session_id)
    await eventually(lambda: any(frame.headers["receipt-id"] == "sent" for frame in ann.of("RECEIPT")))
    await eventually(lambda: chat.service.store.messages[chat.session_id][0].delivered)


async def test_the_ack_of_a_repeat_is_that_of_the_first(chat: Chat) -> None:
    ann = await chat.user(ANN)
    await ann.subscribe("/user/queue/ack")
    message = chat.message("hello")
    for _ in range(2):
        ann.say("SEND", message, destination="/app/chat.send")
    first, again = await ann.got("MESSAGE", 2)
    assert again.body == first.body
    assert again.headers["seq"] == "1"
    assert {**again.headers, "message-id": ""} == {**first.headers, "message-id": ""}


async def test_in_client_mode_the_ack_is_the_delivery(chat: Chat) -> None:
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    await bob.subscribe("/user/queue/messages", ack="client-individual")
    ann.say("SEND", chat.message("hello"), destination="/app/chat.send")
    (message,) = await bob.got("MESSAGE")
    await chat.service.delivered.flush()
    assert not chat.service.store.messages[chat.session_id][0].delivered
    bob.say("ACK", id=message.headers["ack"])
    await eventually(lambda: chat.service.store.messages[chat.session_id][0].delivered)


@pytest.mark.parametrize("headers", [{}, {"replay": "undelivered"}])
async def test_a_client_that_acks_late_gets_the_rest_late(chat: Chat, headers: dict[str, str]) -> None:
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    await bob.subscribe("/user/queue/messages", ack="client-individual", **headers)
    for number in range(10):
        ann.say("SEND", chat.message(str(number)), destination="/app/chat.send", receipt=str(number))
    await ann.got("RECEIPT", 10)
    acked: list[Frame] = []
    while len(acked) < 10:
        came = await bob.got("MESSAGE", len(acked) + 1)
        assert len(came) - len(acked) <= 3, "so many may wait for their ACK"
        bob.say("ACK", id=came[len(acked)].headers["ack"])
        acked.append(came[len(acked)])
    assert contents(bob.of("MESSAGE")) == [str(number) for number in range(10)]
    assert bob.of("ERROR") == []


@pytest.mark.parametrize("headers", [{}, {"resume_after": "2"}])
async def test_a_topic_waits_for_acks_too(chat: Chat, headers: dict[str, str]) -> None:
    ann, bob = await chat.user(ANN), await chat.user(BOB)
    ann.say("SEND", chat.message("before"), destination="/app/chat.send", receipt="before")
    await ann.got("RECEIPT")
    for number in range(2, 12):
        if number == 3:
            await bob.subscribe(chat.topic, ack="client", **headers)
        ann.say("SEND", chat.message(str(number)), destination="/app/chat.send", receipt=str(number))
        await ann.got("RECEIPT", number)
    assert contents(await bob.got("MESSAGE", 3)) == ["3", "4", "5"]
    while len(bob.of("MESSAGE")) < 9:
        bob.say("ACK", id=bob.of("MESSAGE")[-1].headers["ack"])
        await bob.got("MESSAGE", min(9, len(bob.of("MESSAGE")) + 1))
    assert contents(bob.of("MESSAGE")) == [str(number) for number in range(3, 12)]


async def test_unacked_live_messages_are_limited(chat: Chat) -> None:
    ann = await chat.user(ANN)
    await ann.subscribe("/user/queue/ack", ack="client")
    for number in range(10):
        ann.say("SEND", chat.message(str(number)), destination="/app/chat.send")
    came = await ann.got("MESSAGE", 10)
    for frame in came:
        ann.say("ACK", id=frame.headers["ack"])
    await ann.subscribe(chat.topic)
    assert ann.of("ERROR") == []


async def test_replays_of_many_topics_never_overflow_the_connection(chat: Chat) -> None:
    ann = await chat.user(ANN)
    topics = []
    for number in range(50):
        session = await chat.service.init(ANN, ANN.email, Email(f"peer{number}@example.org"), FRIENDS)
        topics.append(f"/topic/session.{session.id}")
        for _ in range(5):
            ann.say(
                "SEND",
                chat.message("x" * 3_000, sessionId=str(session.id)),
                destination="/app/chat.send",
                receipt="r",
            )
    await ann.got("RECEIPT", 250)
    again = await chat.user(ANN)
    for topic in topics:
        again.say("SUBSCRIBE", id=topic, destination=topic, resume_after="0")
    came = await again.got("MESSAGE", 250)
    assert again.closed is None
    for topic in topics:
        assert [frame.headers["seq"] for frame in came if frame.headers["destination"] == topic] == list("12345")


@pytest.mark.parametrize("first", ["/user/queue/error", "the topic"])
async def test_a_resume_beyond_the_end_goes_on_from_the_end(chat: Chat, first: str) -> None:
    ann, bob, other = await chat.user(ANN), await chat.user(BOB), await chat.user(BOB)
    ann.say("SEND", chat.message("old"), destination="/app/chat.send", receipt="old")
    await ann.got("RECEIPT")
    await other.subscribe("/user/queue/error")
    subscribe = [bob.subscribe("/user/queue/error"), bob.subscribe(chat.topic, resume_after="1000")]
    for one in subscribe if first == "/user/queue/error" else subscribe[::-1]:
        await one
    (told,) = await bob.got("MESSAGE")
    problem = msgspec.json.decode(told.body)
    assert told.headers["destination"] == "/user/queue/error"
    assert (problem["code"], problem["sessionId"], problem["lastSeq"]) == ("resume-too-high", str(chat.session_id), 1)
    ann.say("SEND", chat.message("new"), destination="/app/chat.send")
    assert contents((await bob.got("MESSAGE", 2))[1:]) == ["new"]
    assert other.of("MESSAGE") == [], "another connection asked for nothing"


@pytest.mark.parametrize("after", ["-1", "1.5", "x", "", str(2**63), "9" * 30])
async def test_resume_after_needs_a_seq(chat: Chat, after: str) -> None:
    ann = await chat.user(ANN)
    ann.say("SUBSCRIBE", id="1", destination=chat.topic, resume_after=after)
    assert [frame.headers["message"] for frame in await ann.got("ERROR")] == ["malformed"]
    await ann.ended()


async def test_resume_has_no_hole_and_no_repeat_while_messages_keep_coming(chat: Chat) -> None:
    ann = await chat.user(ANN)
    for number in range(1, 301):
        ann.say("SEND", chat.message(str(number)), destination="/app/chat.send")
        if number == 150:
            await eventually(lambda: len(chat.service.store.messages.get(chat.session_id, [])) >= 100)
            bob = await chat.user(BOB)
            bob.say("SUBSCRIBE", id="1", destination=chat.topic, resume_after="20")
    assert contents(await bob.got("MESSAGE", 280)) == [str(number) for number in range(21, 301)]


async def test_undelivered_messages_are_replayed_once(chat: Chat) -> None:
    ann = await chat.user(ANN)
    for number in range(1, 11):
        ann.say("SEND", chat.message(str(number)), destination="/app/chat.send", receipt=str(number))
    await ann.got("RECEIPT", 10)
    bob = await chat.user(BOB)
    await bob.subscribe("/user/queue/messages", replay="undelivered")
    ann.say("SEND", chat.message("live"), destination="/app/chat.send")
    assert contents(await bob.got("MESSAGE", 11)) == [*map(str, range(1, 11)), "live"]
    bob.hang_up()
    await bob.ended()
    again = await chat.user(BOB)
    await again.subscribe("/user/queue/messages", replay="undelivered")
    ann.say("SEND", chat.message("next"), destination="/app/chat.send")
    assert contents(await again.got("MESSAGE")) == ["next"]
