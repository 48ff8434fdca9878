"""Each event type that the AsyncAPI document has, held against each situation: whether the other one is told.

A type without a row fails. Each row provokes the event on one side, and looks whether it reaches the other one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from entrypoints.rest.documents.asyncapi import asyncapi_document
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB
from tests.support.memory.stomp_chat import Chat, Client
from tests.support.people import FRIENDS
from tests.unit.safety.situations import Situation
from tests.unit.stomp.test_stomp_passing import events, open_events, profile_of, told

DOCUMENT: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(asyncapi_document()))


def event_types() -> list[str]:
    schemas = DOCUMENT["components"]["schemas"]
    payloads = DOCUMENT["components"]["messages"]["eventsMessage"]["payload"]["oneOf"]
    names = [payload["$ref"].rpartition("/")[2] for payload in payloads]
    return [schemas[name]["properties"]["type"]["enum"][0] for name in names]


class Scene:
    """Ann and Bob have written to each other; then something has happened between them."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat

    async def start(self, situation: Situation) -> "Scene":
        chat = self.chat
        self.ann, self.bob = await open_events(chat, ANN, BOB)
        self.messages: dict[Client, dict[str, Any]] = {}
        for client, user in ((self.ann, ANN), (self.bob, BOB)):
            await self.say(client, "send", **msgspec.json.decode(chat.message("hi", senderEmail=user.email)))
            self.messages[client] = (await told(client, "message", len(self.messages) + 1))[-1]
        await eventually(lambda: chat.service.counters.outbox_processed == 6)
        chat.service.clock.advance(60)
        match situation:
            case Situation.BLOCKED:
                await self.say(self.ann, "block", profileId=await profile_of(chat, BOB), scope="all")
            case Situation.CLOSED:
                await self.say(self.ann, "close", sessionId=str(chat.session_id))
                await told(self.bob, "session")
            case Situation.HIDDEN:
                for client in (self.ann, self.bob):
                    shows = dict.fromkeys(("seenReceipts", "deliveredReceipts", "typing", "presence"), False)
                    await self.say(client, "settings", **shows)
        self.before = {client: len(client.frames) for client in (self.ann, self.bob)}
        return self

    async def say(self, client: Client, command: str, **body: Any) -> None:
        """Returns when it is answered, or refused."""
        id_ = body.setdefault("clientOperationId", str(uuid4()))
        receipt = str(uuid4())
        text = msgspec.json.encode(body).decode()
        client.say("SEND", text, destination=f"/app/chat.{command}", receipt=receipt)
        await eventually(
            lambda: any(
                frame.headers.get("receipt-id") == receipt
                or (frame.headers.get("destination") == "/user/queue/error" and self._is_of(frame.body, body, id_))
                for frame in client.frames
            )
        )

    @staticmethod
    def _is_of(problem: bytes | str, body: dict[str, Any], id_: str) -> bool:
        read = msgspec.json.decode(problem)
        mine = body.get("clientMessageId")
        return read.get("clientOperationId") == id_ or (mine is not None and read.get("clientMessageId") == mine)

    def new(self, client: Client, kind: str) -> list[dict[str, Any]]:
        """The events of a type that came since the situation."""
        frames = client.frames[self.before[client] :]
        return [msgspec.json.decode(one.body) for one in frames if one.headers.get("event-type") == kind]

    async def settle(self, client: Client) -> None:
        """Whatever was told before has come to the client on return."""
        known = len(self.new(client, "session"))
        for pinned in (True, False):
            await self.say(client, "state", sessionId=str(self.chat.session_id), pinned=pinned)
        await eventually(lambda: len(self.new(client, "session")) >= known + OWN_SESSIONS)


Provoke = Callable[[Scene, Client], Awaitable[None]]


async def _send(scene: Scene, client: Client) -> None:
    user = ANN if client is scene.ann else BOB
    await scene.say(client, "send", **msgspec.json.decode(scene.chat.message("more", senderEmail=user.email)))


async def _see(scene: Scene, client: Client) -> None:
    user = ANN if client is scene.ann else BOB
    body = {"readerEmail": user.email, "intent": FRIENDS, "upToSeq": 2}
    await scene.say(client, "seen", sessionId=str(scene.chat.session_id), **body)


async def _close(scene: Scene, client: Client) -> None:
    await scene.say(client, "close", sessionId=str(scene.chat.session_id))


async def _block(scene: Scene, client: Client) -> None:
    other = BOB if client is scene.ann else ANN
    for scope in ("intent", "all"):
        await scene.say(client, "block", profileId=await profile_of(scene.chat, other), scope=scope)


async def _type(scene: Scene, client: Client) -> None:
    await scene.say(client, "typing", sessionId=str(scene.chat.session_id), state="typing")


async def _appear(scene: Scene, client: Client) -> None:
    await scene.say(client, "presence", state="away")
    other = scene.bob if client is scene.ann else scene.ann
    await scene.say(other, "watch", sessionIds=[str(scene.chat.session_id)])
    await told(other, "presence")


@dataclass(frozen=True)
class Row:
    """Who is told when the other one provokes the event, in each situation."""

    provoke: Provoke
    blocked_to_blocker: bool = False
    blocker_to_blocked: bool = False
    when_closed: bool = False
    when_hidden: bool = False

    def is_told(self, situation: Situation, *, by_blocker: bool) -> bool:
        if situation is Situation.BLOCKED:
            return self.blocker_to_blocked if by_blocker else self.blocked_to_blocker
        return self.when_closed if situation is Situation.CLOSED else self.when_hidden


OWN_SESSIONS = 2
"""The `session` events that `Scene.settle` causes."""
OWN = Row(_send)
"""Told to the connection or to the devices of the user alone."""
ROWS = {
    "message": Row(_send, when_hidden=True),
    "receipt": Row(_see, when_closed=True),
    "session": Row(_close, blocker_to_blocked=True, when_hidden=True),
    "unread": Row(_send, when_hidden=True),
    "block": Row(_block),
    "done": OWN,
    "typing": Row(_type),
    # to the blocked one at first as before, which `test_telling` holds against the time
    "presence": Row(_appear, blocker_to_blocked=True, when_closed=True),
    "ready": OWN,
    "reset": OWN,
}


async def _was_told(scene: Scene, client: Client, kind: str, unread: int) -> bool:
    match kind:
        case "unread":  # counts what the store says, at most once a second
            return await _unread(scene, client) > unread
        case "presence":
            state: str = scene.new(client, kind)[-1]["state"]
            return state == "away"
        case "receipt":
            peer = await profile_of(scene.chat, BOB if client is scene.ann else ANN)
            return any(event["by"] == peer for event in scene.new(client, kind))
        case "session":
            return len(scene.new(client, kind)) > OWN_SESSIONS and bool(scene.new(client, kind)[0]["closed"])
        case "done":
            return any(event["command"] != "state" for event in scene.new(client, kind))
        case _:
            return bool(scene.new(client, kind))


async def _unread(scene: Scene, client: Client) -> int:
    user = ANN if client is scene.ann else BOB
    return (await scene.chat.service.container.sides().count_unread(user, None)).total


@pytest.mark.parametrize("by_blocker", [True, False], ids=["by the blocker", "by the other"])
@pytest.mark.parametrize("situation", Situation)
@pytest.mark.parametrize("kind", event_types())
async def test_each_event_has_an_answer(chat: Chat, kind: str, situation: Situation, by_blocker: bool) -> None:
    row = ROWS[kind]
    scene = await Scene(chat).start(situation)
    sender, other = (scene.ann, scene.bob) if by_blocker else (scene.bob, scene.ann)
    unread = await _unread(scene, other)
    await row.provoke(scene, sender)
    await scene.settle(other)
    if row.is_told(situation, by_blocker=by_blocker):
        expected = True
        if kind == "session":
            await eventually(lambda: len(scene.new(other, kind)) > OWN_SESSIONS)
        elif kind != "unread":
            await eventually(lambda: bool(scene.new(other, kind)))
    else:
        expected = False
    if kind == "session" and situation is Situation.CLOSED:
        assert [event for event in events(sender, "session") if event["closed"]], "it was told when it was closed"
        return
    assert await _was_told(scene, other, kind, unread) == expected


def test_no_row_is_left_over() -> None:
    assert set(ROWS) == set(event_types())
