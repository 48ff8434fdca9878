"""Each SEND that the AsyncAPI document has, held against each situation: how it is answered to both.

A destination without a row fails.
"""

from typing import Any
from uuid import uuid4

import msgspec
import pytest

from entrypoints.rest.documents.asyncapi import asyncapi_document
from tests.support.eventually import eventually
from tests.support.memory.service import ANN, BOB
from tests.support.memory.stomp_chat import Chat, Client
from tests.support.people import FRIENDS
from tests.unit.safety.situations import DONE, WRITES, Codes, Situation
from tests.unit.safety.test_told_events import Scene
from tests.unit.stomp.test_stomp_passing import profile_of

DOCUMENT: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(asyncapi_document()))
ADDRESSES: dict[str, str] = {
    name: DOCUMENT["channels"][name]["address"]
    for name, operation in DOCUMENT["operations"].items()
    if operation["action"] == "receive"
}
ANSWERS = {
    "sendMessage": WRITES,
    "edit": WRITES,
    "react": WRITES,
    "typing": Codes(when_closed="session-closed"),
    "seen": DONE,
    "delete": DONE,
    "watch": DONE,
    "presence": DONE,
    "state": DONE,
    "unread": DONE,
    "settings": DONE,
    "block": DONE,
    "close": DONE,
    "renew": DONE,
}


async def body_of(name: str, scene: Scene, client: Client) -> dict[str, Any]:
    """What a participant would send. Of what is unknown here, nothing."""
    me, other = (ANN, BOB) if client is scene.ann else (BOB, ANN)
    session = {"sessionId": str(scene.chat.session_id)}
    mine = {**session, "messageId": scene.messages[client]["messageId"]}
    bodies: dict[str, dict[str, Any]] = {
        "sendMessage": msgspec.json.decode(scene.chat.message("more", senderEmail=me.email)),
        "seen": {**session, "readerEmail": me.email, "intent": FRIENDS, "upToSeq": 2},
        "edit": {**mine, "content": "better"},
        "delete": {**mine, "for": "everyone"},
        "react": {**mine, "emoji": "👍"},
        "typing": {**session, "state": "typing"},
        "watch": {"sessionIds": [session["sessionId"]]},
        "presence": {"state": "away"},
        "state": {**session, "pinned": True},
        "unread": {**session, "fromSeq": 1},
        "settings": {"typing": True},
        "block": {"profileId": await profile_of(scene.chat, other), "scope": "intent"},
        "close": session,
        "renew": {},
    }
    return bodies[name]


@pytest.mark.parametrize("is_blocker", [True, False], ids=["to the blocker", "to the other"])
@pytest.mark.parametrize("situation", Situation)
@pytest.mark.parametrize("name", ADDRESSES)
async def test_each_command_has_an_answer(chat: Chat, name: str, situation: Situation, is_blocker: bool) -> None:
    answer = ANSWERS[name].of(situation, is_blocker=is_blocker)
    scene = await Scene(chat).start(situation)
    client, user = (scene.ann, ANN) if is_blocker else (scene.bob, BOB)
    body, receipt, known = await body_of(name, scene, client), str(uuid4()), len(client.frames)
    more = {"Authorization": f"Bearer {user.email}"} if name == "renew" else {}
    client.say("SEND", msgspec.json.encode(body).decode(), destination=ADDRESSES[name], receipt=receipt, **more)

    def answered() -> str | None:
        for frame in client.frames[known:]:
            if frame.headers.get("receipt-id") == receipt:
                return "done"
            if frame.headers.get("destination") == "/user/queue/error":
                code: str = msgspec.json.decode(frame.body)["code"]
                return code
        return None

    await eventually(lambda: answered() is not None)
    assert answered() == (answer or "done")


def test_no_row_is_left_over() -> None:
    assert set(ANSWERS) == set(ADDRESSES)
