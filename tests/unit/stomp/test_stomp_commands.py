"""Commands over STOMP: done and durable with their RECEIPT, told on both sides, refused on the error queue."""

from typing import Any
from uuid import uuid4

import msgspec
import pytest

from adapters.stomp.protocol.frames.frame import Frame
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB, EVE
from tests.support.memory.stomp_chat import Chat, Client


class Talk:
    """Ann has sent `sent` to Bob, and both subscribe to events."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat

    async def start(self) -> "Talk":
        self.ann, self.bob = await self.chat.user(ANN), await self.chat.user(BOB)
        for client in (self.ann, self.bob):
            await client.subscribe("/user/queue/events")
            await told(client, "ready")
            await client.subscribe("/user/queue/error")
        self.ann.say("SEND", self.chat.message("a secret"), destination="/app/chat.send")
        self.sent: dict[str, Any] = (await told(self.bob, "message"))[0]
        await told(self.ann, "message")
        await eventually(lambda: self.chat.service.counters.outbox_processed == 3)
        self.chat.service.clock.advance(60)
        return self

    def say(self, client: Client, command: str, **more: Any) -> str:
        operation = str(uuid4())
        body = {"sessionId": self.sent["sessionId"], "messageId": self.sent["messageId"], **more}
        text = msgspec.json.encode(body | {"clientOperationId": operation}).decode()
        client.say("SEND", text, destination=f"/app/chat.{command}", receipt=operation)
        return operation


async def told(client: Client, kind: str, count: int = 1) -> list[dict[str, Any]]:
    def events() -> list[dict[str, Any]]:
        return [msgspec.json.decode(frame.body) for frame in client.of("MESSAGE") if is_event(frame, kind)]

    await eventually(lambda: len(events()) >= count)
    return events()


def is_event(frame: Frame, kind: str) -> bool:
    return frame.headers.get("event-type") == kind


@pytest.fixture
async def talk(chat: Chat) -> Talk:
    return await Talk(chat).start()


async def test_new_messages_are_events_without_another_row(talk: Talk) -> None:
    assert (talk.sent["type"], talk.sent["content"], talk.sent["version"]) == ("message", "a secret", 1)
    assert len(talk.chat.service.store.outbox) == 3
    (frame,) = [frame for frame in talk.bob.of("MESSAGE") if is_event(frame, "message")]
    assert frame.headers["destination"] == "/user/queue/events"
    assert frame.headers["chat-message-id"] == talk.sent["messageId"]


async def test_a_message_given_as_an_event_is_delivered(talk: Talk) -> None:
    await talk.chat.service.delivered.flush()
    assert [one.delivered for one in talk.chat.service.store.messages[talk.chat.session_id]] == [True]


async def test_a_command_gets_the_answer_of_rest_and_is_an_event_of_both_sides(talk: Talk) -> None:
    operation = talk.say(talk.ann, "edit", content="better", version=1)
    (done,) = await told(talk.ann, "done")
    assert (done["command"], done["clientOperationId"], done["status"]) == ("edit", operation, 200)
    assert done["body"]["content"] == "better"
    assert [frame.headers["receipt-id"] for frame in talk.ann.of("RECEIPT")][-1] == operation
    for client in (talk.ann, talk.bob):
        assert [one["version"] for one in await told(client, "message", 2)] == [1, 2]
    assert not [frame for frame in talk.bob.of("MESSAGE") if is_event(frame, "done")]


async def test_reactions_and_deletions_are_events(talk: Talk) -> None:
    talk.say(talk.bob, "react", emoji="👍")
    talk.say(talk.bob, "react", emoji=None)
    talk.say(talk.bob, "delete", **{"for": "me"})
    assert [one["status"] for one in await told(talk.bob, "done", 3)] == [204, 204, 204]
    talk.say(talk.ann, "delete", **{"for": "everyone"})
    for_ann, for_bob = await told(talk.ann, "message", 4), await told(talk.bob, "message", 5)
    assert [(one["version"], one.get("deleted", False)) for one in for_ann] == [
        (1, False),
        (2, False),
        (3, False),
        (4, True),
    ]
    assert [(one["version"], one.get("deleted", False)) for one in for_bob][-2:] == [(4, True), (5, True)]
    assert for_ann[1]["reactions"][0]["emoji"] == "👍"


async def test_a_refusal_names_its_command_and_has_no_receipt(talk: Talk) -> None:
    operation = talk.say(talk.bob, "edit", content="mine")
    await eventually(lambda: any(b'"code"' in frame.body for frame in talk.bob.of("MESSAGE")))
    (problem,) = [msgspec.json.decode(frame.body) for frame in talk.bob.of("MESSAGE") if b'"code"' in frame.body]
    assert (problem["code"], problem["command"], problem["clientOperationId"]) == ("not-allowed", "edit", operation)
    assert operation not in [frame.headers["receipt-id"] for frame in talk.bob.of("RECEIPT")]


async def test_no_other_user_gets_anything(talk: Talk) -> None:
    eve = await talk.chat.user(EVE)
    await eve.subscribe("/user/queue/events")
    await told(eve, "ready")
    talk.say(talk.ann, "edit", content="better")
    await told(talk.bob, "message", 2)
    assert [frame.headers["event-type"] for frame in eve.of("MESSAGE")] == ["ready"]


async def test_a_closed_session_is_told_to_both_and_a_send_is_refused(talk: Talk) -> None:
    operation = talk.say(talk.bob, "close")
    (done,) = await told(talk.bob, "done")
    assert (done["command"], done["clientOperationId"], done["status"]) == ("close", operation, 204)
    for client in (talk.ann, talk.bob):
        assert (await told(client, "session"))[-1]["closed"] is True
    refused = str(uuid4())
    body = talk.chat.message("too late", clientMessageId=refused)
    talk.ann.say("SEND", body, destination="/app/chat.send", receipt="refused")
    await eventually(lambda: any(b'"code"' in frame.body for frame in talk.ann.of("MESSAGE")))
    (problem,) = [msgspec.json.decode(frame.body) for frame in talk.ann.of("MESSAGE") if b'"code"' in frame.body]
    assert (problem["code"], problem["clientMessageId"]) == ("session-closed", refused)
    assert "refused" not in [frame.headers["receipt-id"] for frame in talk.ann.of("RECEIPT")]
