"""Each call that the OpenAPI document has, held against each situation of two people: how it is answered to both.

See contract, section 16. A call without a row fails.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from tests.support.clients.web_client import INTENT, Rest, chat_message
from tests.support.service.service_process import ServiceProcess
from tests.unit.safety.situations import DONE, WRITES, Codes, Situation

ANSWERS: dict[str, Codes] = {
    "sendMessage": WRITES,
    "editMessage": WRITES,
    "setReaction": WRITES,
    "removeReaction": WRITES,
    **dict.fromkeys(
        (
            *("initSession", "sessions", "history", "unread", "seen", "markUnread", "unreadCounts", "sync"),
            *("deleteMessage", "setState", "closeSession", "settings", "setSettings", "capabilities"),
            *("blocks", "block", "unblock"),
        ),
        DONE,
    ),
}
ENDING = ("deleteMessage", "setSettings", "block", "unblock", "closeSession")
"""What would change the answers to others comes last."""


class Side:
    """One of the two, with a message of its own."""

    def __init__(self, rest: Rest, email: str, other: str) -> None:
        self._rest, self.email, self.other = rest, email, other
        self.session_id = self.message_id = self.peer_id = ""

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = None if body is None else msgspec.json.encode(body)
        return await self._rest.call(method, f"/api/chat{path}", data)

    async def begin(self) -> None:
        self.session_id = await self._rest.init(self.email, self.other)
        sent = (await self.call("POST", "/message", chat_message(self.session_id, self.email, "hi")))[1]
        self.message_id = sent["messageId"]

    async def know_peer(self) -> None:
        (entry,) = (await self.call("GET", "/sessions"))[1]["sessions"]
        self.peer_id = entry["peer"]["profileId"]

    def request(self, operation: str) -> tuple[str, Any]:
        """The query and the body of a call. A call that is unknown here has neither."""
        bodies: dict[str, Any] = {
            "initSession": {"fromEmail": self.email, "toEmail": self.other, "intent": INTENT},
            "sendMessage": chat_message(self.session_id, self.email, "more"),
            "seen": {"readerEmail": self.email, "intent": INTENT, "upToSeq": 2},
            "markUnread": {"fromSeq": 1},
            "editMessage": {"content": "better"},
            "setReaction": {"emoji": "👍"},
            "setState": {"pinned": True},
            "closeSession": {},
            "setSettings": {"typing": True},
            "block": {"scope": "intent"},
        }
        queries = {"unread": f"?readerEmail={self.email}&intent={INTENT}", "deleteMessage": "?for=me"}
        return queries.get(operation, ""), bodies.get(operation)

    def place(self, path: str) -> str:
        for name, value in (
            ("sessionId", self.session_id),
            ("messageId", self.message_id),
            ("profileId", self.peer_id),
        ):
            path = path.replace(f"{{{name}}}", value)
        return path


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    service = ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": "memory:", "CHAT_INIT_RATE_LIMIT": "0"})
    await service.start()
    yield service
    await service.stop()
    assert "Traceback" not in service.log()


async def happen(situation: Situation, ann: Side, bob: Side) -> None:
    match situation:
        case Situation.BLOCKED:
            assert (await ann.call("PUT", f"/blocks/{ann.peer_id}", {"scope": "all"}))[0] == 204
        case Situation.CLOSED:
            assert (await ann.call("POST", f"/{ann.session_id}/close"))[0] == 204
        case Situation.HIDDEN:
            shows = dict.fromkeys(("seenReceipts", "deliveredReceipts", "typing", "presence"), False)
            for side in (ann, bob):
                assert (await side.call("PUT", "/settings", shows))[0] == 204


async def test_each_call_has_an_answer(service: ServiceProcess) -> None:
    async with Rest(service.url, "") as anybody:
        document = (await anybody.get("/schema/openapi.json"))[1]
    calls = {
        operation["operationId"]: (method.upper(), path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "chat" in operation.get("tags", ())
    }
    assert set(calls) == set(ANSWERS)
    wrong: list[str] = []
    for situation in Situation:
        for is_blocker in (True, False):
            names = [f"{name}-{uuid4().hex}@example.org" for name in ("ann", "bob")]
            async with (
                Rest(service.url, service.token(names[0])) as ann_calls,
                Rest(service.url, service.token(names[1])) as bob_calls,
            ):
                ann, bob = Side(ann_calls, *names), Side(bob_calls, *names[::-1])
                for side in (ann, bob):
                    await side.begin()
                for side in (ann, bob):
                    await side.know_peer()
                await happen(situation, ann, bob)
                caller = ann if is_blocker else bob
                for operation in sorted(calls, key=lambda operation: (operation in ENDING, operation)):
                    method, path = calls[operation]
                    query, body = caller.request(operation)
                    place = caller.place(path).removeprefix("/api/chat")
                    status, answer = await caller.call(method, f"{place}{query}", body)
                    expected = ANSWERS[operation].of(situation, is_blocker=is_blocker)
                    code = answer["code"] if status >= 400 else None
                    if code != expected:
                        wrong.append(f"{operation}, {situation}, {is_blocker=}: {status} {code}, not {expected}")
    assert not wrong
