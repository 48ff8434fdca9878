"""Blocks over STOMP: topics are told per subscriber, and only the blocker's devices are told of a block."""

from typing import Any

import msgspec

from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB
from tests.support.memory.stomp_chat import Chat, Client
from tests.unit.stomp.test_stomp_passing import events, open_events, profile_of, refused, say, told


def on(client: Client, destination: str) -> list[tuple[int, bool]]:
    """The messages that came for a destination: their `seq`s, and whether they were withheld."""
    bodies = [
        (frame, msgspec.json.decode(frame.body))
        for frame in client.of("MESSAGE")
        if frame.headers["destination"] == destination
    ]
    assert all(frame.headers["chat-message-id"] == body["messageId"] for frame, body in bodies)
    return [(body["seq"], body.get("withheld", False)) for _, body in bodies]


async def block(chat: Chat, ann: Client, scope: str | None = "all") -> None:
    await say(ann, "block", profileId=await profile_of(chat, BOB), scope=scope)


async def send(chat: Chat, bob: Client, content: str) -> None:
    body: Any = chat.message(content, senderEmail=BOB.email)
    bob.say("SEND", body, destination="/app/chat.send", receipt=content)
    await eventually(lambda: any(frame.headers["receipt-id"] == content for frame in bob.of("RECEIPT")))


async def test_a_topic_is_decided_per_subscriber(chat: Chat) -> None:
    ann, ann_resuming, bob = await open_events(chat, ANN, ANN, BOB)
    bob_resuming = await chat.user(BOB)
    for client, headers in (
        (ann, {}),
        (bob, {}),
        (ann_resuming, {"resume_after": "0"}),
        (bob_resuming, {"resume_after": "0"}),
    ):
        await client.subscribe(chat.topic, **headers)
    await ann.subscribe("/user/queue/messages")
    await bob.subscribe("/user/queue/ack")
    await block(chat, ann)
    await send(chat, bob, "abuse")
    for client in (bob, bob_resuming):
        await eventually(lambda client=client: on(client, chat.topic) == [(1, False)])  # type: ignore[misc]
    await eventually(lambda: on(bob, "/user/queue/ack") == [(1, False)])
    await block(chat, ann, None)
    await send(chat, bob, "sorry")
    await eventually(lambda: on(ann_resuming, chat.topic) == [(1, True), (2, False)])
    assert on(ann, chat.topic) == [(2, False)]
    await eventually(lambda: on(ann, "/user/queue/messages") == [(2, False)])
    assert [event["seq"] for event in events(ann, "message")] == [2]
    for client in (bob, bob_resuming):
        await eventually(lambda client=client: on(client, chat.topic) == [(1, False), (2, False)])  # type: ignore[misc]
    late = await chat.user(ANN)
    await late.subscribe(chat.topic, resume_after="0")
    await eventually(lambda: on(late, chat.topic) == [(1, True), (2, False)])


async def test_a_connection_listens_once_to_what_is_its_own_on_topics(chat: Chat) -> None:
    bob = await chat.user(BOB)
    destination = f"user:{BOB.email}:/queue/topics"
    await bob.subscribe(chat.topic)
    assert chat.hub.wants(destination)
    bob.say("SUBSCRIBE", id="again", destination=chat.topic)
    bob.say("UNSUBSCRIBE", id=chat.topic, receipt="one")
    await bob.got("RECEIPT", 2)
    assert chat.hub.wants(destination)
    bob.say("UNSUBSCRIBE", id="again", receipt="two")
    await bob.got("RECEIPT", 3)
    assert not chat.hub.wants(destination)


async def test_only_the_devices_of_the_blocker_are_told(chat: Chat) -> None:
    ann, also_ann, bob = await open_events(chat, ANN, ANN, BOB)
    await block(chat, ann)
    for client in (ann, also_ann):
        (event,) = await told(client, "block")
        assert (event["profileId"], event["scope"]) == (await profile_of(chat, BOB), "all")
    await block(chat, ann, None)
    assert [event["scope"] for event in await told(also_ann, "block", 2)] == ["all", None]
    assert not events(bob, "block")
    ann.say("SEND", '{"profileId":"x","scope":"all"}', destination="/app/chat.block")
    (problem,) = await refused(ann)
    assert (problem["code"], problem["field"], problem["command"]) == ("invalid", "profileId", "block")


async def test_typing_is_told_to_nobody_and_refused_to_nobody(chat: Chat) -> None:
    ann, bob = await open_events(chat, ANN, BOB)
    await block(chat, ann)
    for client in (ann, bob):
        await say(client, "typing", sessionId=str(chat.session_id), state="typing")
    await block(chat, ann, None)
    chat.service.clock.advance(3)
    await send(chat, bob, "hello")
    await told(ann, "message")
    for client in (ann, bob):
        assert not events(client, "typing")


async def test_a_new_watch_of_a_blocked_one_is_told_as_before_at_first(chat: Chat) -> None:
    ann, bob = await open_events(chat, ANN, BOB)
    await block(chat, ann)
    chat.service.clock.advance(19)
    await say(bob, "watch", sessionIds=[str(chat.session_id)])
    assert [event["state"] for event in await told(bob, "presence")] == ["online"]
    await say(ann, "watch", sessionIds=[str(chat.session_id)])
    assert [event["state"] for event in await told(ann, "presence")] == ["offline"]
    chat.service.clock.advance(102)
    assert [event["state"] for event in await told(bob, "presence", 2)] == ["online", "offline"]
    hour = chat.service.clock.now().replace(minute=0, second=0, microsecond=0)
    assert events(bob, "presence")[1]["lastSeenAt"] == hour.isoformat().replace("+00:00", "Z")
    await say(bob, "watch", sessionIds=[str(chat.session_id)])
    assert [event["state"] for event in await told(bob, "presence", 3)] == ["online", "offline", "offline"]
