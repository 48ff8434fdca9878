"""One's own side of sessions on a running service: state and settings, over REST and STOMP, on two devices."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from tests.support.clients.web_client import INTENT, Rest, WebClient, chat_message
from tests.support.eventually import eventually
from tests.support.service.service_process import ServiceProcess

ANN, BOB, EVE = "ann@example.org", "bob@example.org", "eve@example.org"
EVENTS, ERRORS, RECEIPTS = "/user/queue/events", "/user/queue/error", "/user/queue/receipts"


class Side:
    """A user with REST and two connections that are told events."""

    def __init__(self, email: str, rest: Rest, devices: list[WebClient]) -> None:
        self.email, self._rest = email, rest
        self.here, self.there = devices

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return await self._rest.call(method, f"/api/chat{path}", None if body is None else msgspec.json.encode(body))

    async def open(self, other: str) -> str:
        return await self._rest.init(self.email, other)

    async def send(self, session_id: str, content: str) -> None:
        status, answer = await self.call("POST", "/message", chat_message(session_id, self.email, content))
        assert status == 200, answer

    async def see(self, session_id: str, up_to: int) -> None:
        body = {"readerEmail": self.email, "intent": INTENT, "upToSeq": up_to}
        assert (await self.call("POST", f"/{session_id}/seen", body))[0] == 204

    async def sessions(self, more: str = "") -> list[dict[str, Any]]:
        status, page = await self.call("GET", f"/sessions?email={self.email}{more}")
        assert status == 200, page
        sessions: list[dict[str, Any]] = page["sessions"]
        return sessions

    async def entry(self, session_id: str) -> dict[str, Any]:
        (found,) = [entry for entry in await self.sessions() if entry["sessionId"] == session_id]
        return found

    async def seen_flags(self, session_id: str) -> list[bool]:
        return [message["seen"] for message in (await self.call("GET", f"/{session_id}/history"))[1]]


def events(client: WebClient, kind: str) -> list[dict[str, Any]]:
    bodies = [msgspec.json.decode(frame.body) for frame in client.of("MESSAGE") if "event-type" in frame.headers]
    return [event for event in bodies if event["type"] == kind]


@pytest.fixture
async def service(tmp_path: Path, database_url: str) -> AsyncIterator[ServiceProcess]:
    service = ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url, "CHAT_LOG_LEVEL": "debug"})
    await service.start()
    yield service
    await service.stop()
    assert "Traceback" not in service.log()


@pytest.fixture
async def sides(service: ServiceProcess) -> AsyncIterator[tuple[Side, Side]]:
    async with AsyncExitStack() as stack:
        sides = []
        for email in (ANN, BOB):
            rest = await stack.enter_async_context(Rest(service.url, service.token(email)))
            devices = [
                await stack.enter_async_context(WebClient(service.ws_url, service.token(email))) for _ in range(2)
            ]
            for device in devices:
                await device.subscribe(EVENTS)
                await eventually(lambda device=device: bool(events(device, "ready")))  # type: ignore[misc]
            sides.append(Side(email, rest, devices))
        yield sides[0], sides[1]


async def command(client: WebClient, destination: str, body: str) -> None:
    client.say("SEND", body, destination=destination)
    await client.flush()


async def told(client: WebClient, session_id: str, **wanted: object) -> dict[str, Any]:
    """The last `session` event of a session, once it has these values."""

    def found() -> dict[str, Any] | None:
        mine = [event for event in events(client, "session") if event["sessionId"] == session_id]
        return mine[-1] if mine and wanted.items() <= mine[-1].items() else None

    await eventually(lambda: found() is not None)
    event = found()
    assert event is not None
    return event


async def test_a_state_is_told_to_all_own_devices_and_resumed(
    sides: tuple[Side, Side], service: ServiceProcess
) -> None:
    ann, bob = sides
    session_id = await ann.open(BOB)
    (ready,) = events(ann.here, "ready")
    state = {"pinned": True, "archived": True, "mutedUntil": "2999-01-01T00:00:00+01:00", "draft": "See y"}
    assert await ann.call("PUT", f"/{session_id}/state", state) == (204, None)
    wanted = {"pinned": True, "archived": True, "muted": True, "draft": "See y", "mutedUntil": "2998-12-31T23:00:00Z"}
    for device in (ann.here, ann.there):
        event = await told(device, session_id, **wanted)
        entry = await ann.entry(session_id)
        assert {name: event[name] for name in entry} == entry
    (theirs,) = await bob.sessions()
    assert (theirs["pinned"], theirs["archived"], theirs["muted"], "draft" in theirs) == (False, False, False, False)
    _, page = await ann.call("GET", f"/sync?since={ready['sync']}")
    assert [change["draft"] for change in page["changes"] if change["type"] == "session"] == ["See y"]
    assert len(events(bob.here, "session")) == 1  # that it was opened
    assert "See y" not in service.log()


async def test_commands_over_stomp_do_the_same(sides: tuple[Side, Side]) -> None:
    ann, _ = sides
    session_id, operation = await ann.open(BOB), str(uuid4())
    await ann.here.subscribe(ERRORS)
    body = {"sessionId": session_id, "pinned": True, "clientOperationId": operation}
    await command(ann.here, "/app/chat.state", msgspec.json.encode(body).decode())
    assert (await told(ann.there, session_id, pinned=True))["muted"] is False
    await eventually(lambda: bool(events(ann.here, "done")))
    (done,) = events(ann.here, "done")
    assert (done["command"], done["status"], done["clientOperationId"]) == ("state", 204, operation)
    assert (await ann.call("PUT", f"/{session_id}/state", {"pinned": False}))[0] == 204
    repeat = {name: value for name, value in body.items() if name != "sessionId"}
    assert await ann.call("PUT", f"/{session_id}/state", repeat) == (204, None)
    assert (await ann.entry(session_id))["pinned"] is False, "a repeat is done once"
    status, problem = await ann.call("PUT", f"/{session_id}/state", repeat | {"archived": True})
    assert (status, problem["code"]) == (409, "idempotency-conflict")
    await command(ann.here, "/app/chat.settings", '{"typing": false}')
    await told(ann.there, session_id)
    await eventually(lambda: bool(events(ann.there, "session")[-1].get("settings")))
    assert events(ann.there, "session")[-1]["settings"]["typing"] is False
    await command(ann.here, "/app/chat.state", msgspec.json.encode(body | {"sessionId": str(uuid4())}).decode())
    await eventually(lambda: bool(problems_of(ann.here)))
    problems = problems_of(ann.here)
    assert (problems[0]["code"], problems[0]["command"]) == ("session-not-found", "state")


def problems_of(client: WebClient) -> list[dict[str, Any]]:
    frames = [frame for frame in client.of("MESSAGE") if frame.headers["destination"] == ERRORS]
    return [msgspec.json.decode(frame.body) for frame in frames]


async def test_pinned_sessions_come_first_and_a_message_leaves_the_archive(sides: tuple[Side, Side]) -> None:
    ann, bob = sides
    old, new = await ann.open(BOB), await ann.open(EVE)
    await ann.send(new, "newest")
    assert (await ann.call("PUT", f"/{old}/state", {"pinned": True}))[0] == 204
    assert [entry["sessionId"] for entry in await ann.sessions()] == [old, new]
    assert [entry["sessionId"] for entry in await ann.sessions("&limit=1")] == [old]
    assert (await ann.call("PUT", f"/{old}/state", {"archived": True}))[0] == 204
    assert [entry["sessionId"] for entry in await ann.sessions("&box=archive")] == [old]
    assert [entry["sessionId"] for entry in await ann.sessions("&box=inbox")] == [new]
    await bob.send(old, "back")
    assert await ann.sessions("&box=archive") == []
    assert [entry["sessionId"] for entry in await ann.sessions("&box=inbox")] == [old, new]


async def test_hidden_receipts_are_hidden_everywhere(sides: tuple[Side, Side]) -> None:
    ann, bob = sides
    session_id = await ann.open(BOB)
    await ann.here.subscribe(RECEIPTS, receipts="all")
    for content in ("one", "two"):
        await ann.send(session_id, content)
    await bob.see(session_id, 1)
    await eventually(lambda: bool([event for event in events(ann.there, "receipt") if event.get("seenTo") == 1]))
    assert (await bob.call("PUT", "/settings", {"seenReceipts": False}))[0] == 204
    settings = {"seenReceipts": False, "deliveredReceipts": True, "typing": True, "presence": True}
    assert await bob.call("GET", "/settings") == (200, {"settings": [settings]})
    for device in (bob.here, bob.there):
        await told(device, session_id, settings=settings)
    await bob.see(session_id, 2)
    await eventually(lambda: bool([event for event in events(bob.there, "receipt") if event.get("seenTo") == 2]))
    assert await ann.seen_flags(session_id) == [True, False]
    assert await bob.seen_flags(session_id) == [True, True]
    assert ((await ann.entry(session_id))["seenTo"], (await bob.entry(session_id))["unreadCount"]) == (1, 0)
    since = (await ann.call("GET", "/sync"))[1]["next"]
    assert (await bob.call("PUT", "/settings", {"seenReceipts": True}))[0] == 204
    changes = (await ann.call("GET", f"/sync?since={since}"))[1]["changes"]
    assert [change["seenTo"] for change in changes if change["type"] == "receipt"] == [1]
    await bob.see(session_id, 2)
    await eventually(lambda: bool([event for event in events(ann.there, "receipt") if event.get("seenTo") == 2]))
    receipts = [frame for frame in ann.here.of("MESSAGE") if frame.headers["destination"] == RECEIPTS]
    seen = [up_to for frame in receipts if (up_to := msgspec.json.decode(frame.body).get("upToSeq")) is not None]
    assert seen == [1, 2]
    assert [event["seenTo"] for event in events(ann.here, "receipt") if "seenTo" in event] == [1, 2]
    assert await ann.seen_flags(session_id) == [True, True]


async def test_what_was_seen_in_secret_is_told_as_delivered(sides: tuple[Side, Side]) -> None:
    ann, bob = sides
    session_id = await ann.open(BOB)
    assert (await bob.call("PUT", "/settings", {"seenReceipts": False}))[0] == 204
    await ann.send(session_id, "one")
    await bob.see(session_id, 1)
    await eventually(lambda: any(event.get("deliveredTo") == 1 for event in events(ann.there, "receipt")))
    assert not [event for event in events(ann.there, "receipt") if "seenTo" in event]


async def counts(side: Side) -> dict[str, Any]:
    status, answer = await side.call("GET", f"/unread-counts?email={side.email}")
    assert status == 200, answer
    found: dict[str, Any] = answer
    return found


async def unread(client: WebClient, total: int) -> dict[str, Any]:
    """The last `unread` event, once it has this total."""
    await eventually(lambda: [event["total"] for event in events(client, "unread")][-1:] == [total])
    return events(client, "unread")[-1]


async def test_unread_counts_agree_on_all_devices(sides: tuple[Side, Side]) -> None:
    ann, bob = sides
    session_id = await ann.open(BOB)
    (ready,) = events(bob.here, "ready")
    for number in range(5):
        await ann.send(session_id, str(number))
    for device in (bob.here, bob.there):
        event = await unread(device, 5)
        assert (event["sessions"], event["byIntent"]) == (1, {INTENT: 5})
    assert len(events(bob.here, "unread")) <= 3, "at most one a second"
    assert await counts(bob) == {
        "total": 5,
        "sessions": 1,
        "byIntent": {INTENT: 5},
        "bySession": [{"sessionId": session_id, "unread": 5}],
    }
    assert await counts(ann) == {"total": 0, "sessions": 0, "byIntent": {}, "bySession": []}
    await bob.see(session_id, 5)
    for device in (bob.here, bob.there):
        await unread(device, 0)
    assert await bob.call("POST", f"/{session_id}/unread", {"fromSeq": 4}) == (204, None)
    for device in (bob.here, bob.there):
        await told(device, session_id, unreadCount=2)
        await unread(device, 2)
    assert (await ann.entry(session_id))["seenTo"] == 5
    page = await bob.call("GET", f"/{session_id}/unread?readerEmail={BOB}&intent={INTENT}")
    assert [message["seq"] for message in page[1]] == [4, 5]
    message = page[1][0]["messageId"]
    assert (await ann.call("DELETE", f"/{session_id}/messages/{message}?for=everyone"))[0] == 204
    await unread(bob.there, 1)
    _, page = await bob.call("GET", f"/sync?since={ready['sync']}")
    assert [change["total"] for change in page["changes"] if change["type"] == "unread"] == [1]
    await command(bob.here, "/app/chat.unread", f'{{"sessionId": "{session_id}", "fromSeq": 1}}')
    await unread(bob.there, 4)
    await bob.see(session_id, 4)
    await unread(bob.there, 1)
    assert (await counts(bob))["total"] == (await bob.entry(session_id))["unreadCount"] == 1


@pytest.mark.parametrize("body", [{"fromSeq": 0}, {"fromSeq": "1"}, {"fromSeq": 2**63}, {}])
async def test_bad_marks_are_refused(sides: tuple[Side, Side], body: Any) -> None:
    ann, _ = sides
    session_id = await ann.open(BOB)
    status, problem = await ann.call("POST", f"/{session_id}/unread", body)
    assert (status, problem["code"], problem["field"]) == (422, "invalid", "fromSeq")
    status, problem = await ann.call("GET", f"/unread-counts?email={BOB}")
    assert (status, problem["code"]) == (403, "not-yourself")


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "field"),
    [
        ("state", {"mutedUntil": "2030-01-01T00:00:00"}, 422, "invalid", "mutedUntil"),
        ("state", {"mutedUntil": "9999-12-31T23:59:59-23:00"}, 422, "invalid", "mutedUntil"),
        ("state", {"mutedUntil": 7}, 422, "invalid", "mutedUntil"),
        ("state", {"archived": None}, 422, "invalid", "archived"),
        ("state", {"pinned": "yes"}, 422, "invalid", "pinned"),
        ("state", {"draft": "x" * 4_001}, 422, "invalid", "draft"),
        ("state", {"draft": "a\0b"}, 422, "invalid", "draft"),
        ("state", {"clientOperationId": "x"}, 422, "invalid", "clientOperationId"),
        ("state", {"email": BOB}, 403, "not-yourself", "email"),
        ("state", [], 400, "malformed", None),
        ("settings", {"seenReceipts": None}, 422, "invalid", "seenReceipts"),
        ("settings", {"intent": "two words"}, 422, "invalid", "intent"),
        ("settings", {"email": BOB}, 403, "not-yourself", "email"),
        ("settings", [], 400, "malformed", None),
    ],
)
async def test_bad_bodies_are_refused(
    sides: tuple[Side, Side], path: str, body: Any, status: int, code: str, field: str | None
) -> None:
    ann, _ = sides
    session_id = await ann.open(BOB)
    place = "/settings" if path == "settings" else f"/{session_id}/state"
    answered, problem = await ann.call("PUT", place, body)
    assert (answered, problem["code"], problem.get("field")) == (status, code, field)
    unknown = await ann.call("PUT", f"/{uuid4()}/state", {})
    assert (unknown[0], unknown[1]["code"]) == (404, "session-not-found")
    assert await ann.call("PUT", f"/{session_id}/state", {}) == (204, None)
    answered, problem = await ann.call("GET", f"/sessions?email={ANN}&box=all")
    assert (answered, problem["code"], problem["field"]) == (422, "invalid", "box")


async def test_a_stranger_changes_nothing(sides: tuple[Side, Side], service: ServiceProcess) -> None:
    ann, _ = sides
    session_id = await ann.open(BOB)
    async with Rest(service.url, service.token(EVE)) as eve:
        status, problem = await eve.call("PUT", f"/api/chat/{session_id}/state", b'{"pinned": true}')
        assert (status, problem["code"]) == (403, "not-a-participant")
    assert (await ann.entry(session_id))["pinned"] is False


async def test_a_closed_session_refuses_what_is_new_on_every_route(sides: tuple[Side, Side]) -> None:
    ann, bob = sides
    session_id = await ann.open(BOB)
    await ann.send(session_id, "hello")
    since = (await bob.call("GET", "/sync"))[1]["next"]
    assert await ann.call("POST", f"/{session_id}/close") == (204, None)
    operation = {"clientOperationId": str(uuid4())}
    for _ in range(2):
        assert await ann.call("POST", f"/{session_id}/close", operation) == (204, None)
    for side in sides:
        for device in (side.here, side.there):
            await told(device, session_id, closed=True)
        assert (await side.entry(session_id))["closed"] is True
        status, problem = await side.call("POST", "/message", chat_message(session_id, side.email, "too late"))
        assert (status, problem["code"]) == (403, "session-closed")
        await side.here.subscribe(ERRORS)
        await command(side.here, "/app/chat.typing", f'{{"sessionId": "{session_id}", "state": "typing"}}')
        await eventually(lambda side=side: bool(problems_of(side.here)))  # type: ignore[misc]
        assert [problem["code"] for problem in problems_of(side.here)] == ["session-closed"]
    changes = (await bob.call("GET", f"/sync?since={since}"))[1]["changes"]
    assert [change["closed"] for change in changes if change["type"] == "session"] == [True]
    await bob.see(session_id, 1)
    assert await ann.seen_flags(session_id) == [True]
    status, problem = await ann.call("POST", f"/{uuid4()}/close", {})
    assert (status, problem["code"]) == (404, "session-not-found")
    status, problem = await ann.call("POST", f"/{session_id}/close", {"clientOperationId": "x"})
    assert (status, problem["field"]) == (422, "clientOperationId")
