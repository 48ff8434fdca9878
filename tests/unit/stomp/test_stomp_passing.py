"""Typing and presence over STOMP: told to the peer's events, never stored, and only to those who may know."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from application.ports.push import Delivery
from application.wire.events import TypingEvent, encode_event
from domain.destination import EVENTS_QUEUE, user_destination
from domain.showing import Showing
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, EVE
from tests.support.memory.stomp_chat import Chat, Client
from tests.support.people import FRIENDS

EVENTS = "/user/queue/events"


async def open_events(chat: Chat, *users: Any) -> list[Client]:
    clients = [await chat.user(user) for user in users]
    for client in clients:
        await client.subscribe(EVENTS)
        await told(client, "ready")
        await client.subscribe("/user/queue/error")
    return clients


def events(client: Client, kind: str) -> list[dict[str, Any]]:
    return [
        msgspec.json.decode(frame.body) for frame in client.of("MESSAGE") if frame.headers.get("event-type") == kind
    ]


async def told(client: Client, kind: str, count: int = 1) -> list[dict[str, Any]]:
    await eventually(lambda: len(events(client, kind)) >= count)
    return events(client, kind)


async def refused(client: Client, count: int = 1) -> list[dict[str, Any]]:
    def problems() -> list[dict[str, Any]]:
        frames = client.of("MESSAGE")
        return [msgspec.json.decode(f.body) for f in frames if f.headers["destination"] == "/user/queue/error"]

    await eventually(lambda: len(problems()) >= count)
    return problems()


async def say(client: Client, command: str, **body: Any) -> None:
    """Returns with the RECEIPT."""
    receipt = str(uuid4())
    client.say("SEND", msgspec.json.encode(body).decode(), destination=f"/app/chat.{command}", receipt=receipt)
    await eventually(lambda: any(frame.headers["receipt-id"] == receipt for frame in client.of("RECEIPT")))


async def profile_of(chat: Chat, user: Any) -> str:
    return str((await chat.service.lookup.find(user.email, FRIENDS)).id)


async def test_typing_is_told_to_all_connections_of_the_peer_alone(chat: Chat) -> None:
    ann, also_ann, bob, also_bob = await open_events(chat, ANN, ANN, BOB, BOB)
    stored = len(chat.service.store.outbox)
    await say(ann, "typing", sessionId=str(chat.session_id), state="recording")
    for client in (bob, also_bob):
        (event,) = await told(client, "typing")
        assert {name: event[name] for name in event if name != "at"} == {
            "type": "typing",
            "sessionId": str(chat.session_id),
            "profileId": await profile_of(chat, ANN),
            "state": "recording",
            "expiresIn": 6,
        }
    assert not events(ann, "typing")
    assert not events(also_ann, "typing")
    assert len(chat.service.store.outbox) == stored


async def test_more_typing_within_two_seconds_is_dropped_without_a_word(chat: Chat) -> None:
    ann, bob = await open_events(chat, ANN, BOB)
    for state in ("typing", "stopped", "typing"):
        await say(ann, "typing", sessionId=str(chat.session_id), state=state)
    await say(bob, "typing", sessionId=str(chat.session_id), state="typing")
    await told(ann, "typing")
    assert [event["state"] for event in await told(bob, "typing")] == ["typing"]


async def test_typing_from_several_instances_is_told_once_in_two_seconds_and_never_late(chat: Chat) -> None:
    (bob,) = await open_events(chat, BOB)
    now, profile_id = chat.service.clock.now(), uuid4()
    for seconds in (-7, 0, 1, 2, 2.5, 4):
        at = now + timedelta(seconds=seconds)
        event = TypingEvent(at=at, session_id=chat.session_id, profile_id=profile_id, state="typing")
        chat.hub.push([Delivery(user_destination(BOB.email, EVENTS_QUEUE), encode_event(event))])
    told_at = [datetime.fromisoformat(event["at"]) - now for event in events(bob, "typing")]
    assert [at.total_seconds() for at in told_at] == [0, 2, 4]


async def test_typing_that_is_of_a_later_version_is_told_as_it_is(chat: Chat) -> None:
    (bob,) = await open_events(chat, BOB)
    chat.hub.push([Delivery(user_destination(BOB.email, EVENTS_QUEUE), '{"type":"typing","state":"dancing"}')])
    assert [event["state"] for event in events(bob, "typing")] == ["dancing"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"state": "typing"}, "invalid"),
        ({"sessionId": "x", "state": "typing"}, "invalid"),
        ({"sessionId": str(uuid4()), "state": "dancing"}, "invalid"),
        ({"sessionId": str(uuid4()), "state": "typing"}, "session-not-found"),
        ({"sessionId": str(uuid4()), "state": "typing", "email": "bob@example.org"}, "not-yourself"),
    ],
)
async def test_wrong_typing_is_refused(chat: Chat, body: dict[str, str], code: str) -> None:
    (ann,) = await open_events(chat, ANN)
    ann.say("SEND", msgspec.json.encode(body).decode(), destination="/app/chat.typing", receipt="never")
    (problem,) = await refused(ann)
    assert (problem["code"], problem["command"]) == (code, "typing")
    assert not [frame for frame in ann.of("RECEIPT") if frame.headers["receipt-id"] == "never"]


async def test_strangers_neither_type_nor_watch(chat: Chat) -> None:
    eve, bob = await open_events(chat, EVE, BOB)
    for command, body in (
        ("typing", {"sessionId": str(chat.session_id), "state": "typing"}),
        ("watch", {"sessionIds": [str(chat.session_id)]}),
    ):
        eve.say("SEND", msgspec.json.encode(body).decode(), destination=f"/app/chat.{command}")
    assert [problem["code"] for problem in await refused(eve, 2)] == ["not-a-participant"] * 2
    assert not events(bob, "typing")
    assert not events(eve, "presence")


async def test_who_hides_typing_is_neither_told_of_it_nor_told(chat: Chat) -> None:
    ann, bob = await open_events(chat, ANN, BOB)
    await chat.service.container.store().showing.store(ANN.email, [], None, Showing(typing=False))
    for client in (ann, bob):
        operation = str(uuid4())
        await say(client, "typing", sessionId=str(chat.session_id), state="typing", clientOperationId=operation)
        await told(client, "done")
    assert not events(bob, "typing")
    assert not events(ann, "typing")


async def test_a_watch_tells_at_once_and_at_each_change(chat: Chat) -> None:
    (ann,) = await open_events(chat, ANN)
    await say(ann, "watch", sessionIds=[str(chat.session_id)])
    (event,) = await told(ann, "presence")
    assert (event["state"], event["profileId"]) == ("offline", await profile_of(chat, BOB))
    assert "lastSeenAt" not in event
    bob = await chat.user(BOB)
    assert (await told(ann, "presence", 2))[1]["state"] == "online"
    await say(bob, "presence", state="away")
    assert (await told(ann, "presence", 3))[2]["state"] == "away"
    also_bob = await chat.user(BOB)
    assert (await told(ann, "presence", 4))[3]["state"] == "online"
    also_bob.hang_up()
    assert (await told(ann, "presence", 5))[4]["state"] == "away"


async def test_a_watch_replaces_the_one_before_and_tells_again(chat: Chat) -> None:
    ann, bob = await open_events(chat, ANN, BOB)
    await say(ann, "watch", sessionIds=[str(chat.session_id)])
    assert [event["state"] for event in await told(ann, "presence")] == ["online"]
    await say(ann, "watch", sessionIds=[str(chat.session_id), str(chat.session_id)])
    assert [event["state"] for event in await told(ann, "presence", 2)] == ["online"] * 2
    await say(ann, "watch", sessionIds=[])
    await say(bob, "presence", state="away")
    await say(bob, "watch", sessionIds=[str(chat.session_id)])
    await told(bob, "presence")
    assert len(events(ann, "presence")) == 2
    await say(ann, "watch", sessionIds=[str(chat.session_id)])
    assert (await told(ann, "presence", 3))[2]["state"] == "away"


async def test_a_refused_watch_leaves_the_one_before(chat: Chat) -> None:
    (ann,) = await open_events(chat, ANN)
    await say(ann, "watch", sessionIds=[str(chat.session_id)])
    await told(ann, "presence")
    for wrong in ([str(uuid4())], [str(chat.session_id)] * 101, "x", ["x"]):
        ann.say("SEND", msgspec.json.encode({"sessionIds": wrong}).decode(), destination="/app/chat.watch")
    assert [problem["code"] for problem in await refused(ann, 4)] == ["session-not-found", *["invalid"] * 3]
    await chat.user(BOB)
    assert (await told(ann, "presence", 2))[1]["state"] == "online"


async def test_presence_waits_for_the_subscription_of_events(chat: Chat) -> None:
    ann = await chat.user(ANN)
    await say(ann, "watch", sessionIds=[str(chat.session_id)])
    await ann.subscribe(EVENTS)
    assert [event["state"] for event in await told(ann, "presence")] == ["offline"]


async def test_who_hides_presence_is_shown_as_offline(chat: Chat) -> None:
    ann, _ = await open_events(chat, ANN, BOB)
    await chat.service.container.store().showing.store(BOB.email, [], None, Showing(presence=False))
    await say(ann, "watch", sessionIds=[str(chat.session_id)])
    assert [event["state"] for event in await told(ann, "presence")] == ["offline"]


async def test_only_an_operation_with_an_id_is_answered_with_done(chat: Chat) -> None:
    (ann,) = await open_events(chat, ANN)
    operation = str(uuid4())
    await say(ann, "watch", sessionIds=[])
    await say(ann, "presence", state="online", clientOperationId=operation)
    (done,) = await told(ann, "done")
    assert (done["command"], done["clientOperationId"], done["status"]) == ("presence", operation, 204)
    ann.say("SEND", '{"state": "offline"}', destination="/app/chat.presence")
    (problem,) = await refused(ann)
    assert (problem["code"], problem["field"]) == ("invalid", "state")
