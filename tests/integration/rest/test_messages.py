"""Edit, delete, reply and reactions over REST, on PostgreSQL: what is answered, shown, and where a text is then."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import driver_connection
from adapters.postgres.schema.tables import metadata
from tests.support.clients.web_client import INTENT, Rest, WebClient, chat_message
from tests.support.service.service_process import ServiceProcess

ANN, BOB, EVE = "ann@example.org", "bob@example.org", "eve@example.org"
SECRET = "xyzzy-plugh"


class Api:
    """Calls of the API about one session of Ann and Bob."""

    def __init__(self, service: ServiceProcess, users: Mapping[str, Rest]) -> None:
        self.service = service
        self._users = users
        self.session_id = ""

    async def call(self, by: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = None if body is None else msgspec.json.encode(body)
        return await self._users[by].call(method, f"/api/chat{path}", data)

    async def open(self) -> None:
        self.session_id = await self._users[ANN].init(ANN, BOB)
        await self._users[BOB].init(BOB, ANN)

    def message(self, by: str, content: str, **more: object) -> dict[str, object]:
        return chat_message(self.session_id, by, content, **more)

    async def send(self, by: str, content: str, **more: object) -> Any:
        status, stored = await self.call(by, "POST", "/message", self.message(by, content, **more))
        assert status == 200, stored
        return stored

    async def change(self, by: str, method: str, message: Any, more: str = "", body: Any = None) -> tuple[int, Any]:
        path = f"/{self.session_id}/messages/{message['messageId']}{more}"
        return await self.call(by, method, path, body)

    async def history(self, by: str) -> Any:
        return (await self.call(by, "GET", f"/{self.session_id}/history"))[1]


@pytest.fixture
async def api(tmp_path: Path, database_url: str) -> AsyncIterator[Api]:
    service = ServiceProcess(
        tmp_path, {"CHAT_DATABASE_URL": database_url, "CHAT_OUTBOX_RETENTION": "1h", "CHAT_LOG_LEVEL": "debug"}
    )
    await service.start()
    async with AsyncExitStack() as stack:
        users = {
            email: await stack.enter_async_context(Rest(service.url, service.token(email))) for email in (ANN, BOB, EVE)
        }
        api = Api(service, users)
        await api.open()
        yield api
    await service.stop()
    assert "Traceback" not in service.log()


async def everything_stored(engine: AsyncEngine) -> str:
    async with driver_connection(engine) as connection:
        rows = [
            row["row"]
            for table in metadata.sorted_tables
            for row in await connection.fetch(f"SELECT t::text AS row FROM {table.name} t")
        ]
    return "\n".join(rows)


async def test_the_text_of_a_deleted_message_is_nowhere_any_more(api: Api, engine: AsyncEngine) -> None:
    sent = await api.send(ANN, SECRET)
    await api.send(BOB, "indeed", replyTo=1)
    edited = f"{SECRET} again"
    status, answer = await api.change(ANN, "PATCH", sent, body={"content": edited, "version": 1})
    assert (status, answer["content"], answer["version"]) == (200, edited, 2)
    assert "editedAt" in answer
    assert SECRET in await everything_stored(engine)
    for _ in range(2):
        assert await api.change(ANN, "DELETE", sent, "?for=everyone") == (204, None)
    assert SECRET not in await everything_stored(engine)
    assert SECRET not in api.service.log()
    for by in (ANN, BOB):
        tombstone, reply = await api.history(by)
        assert (tombstone["content"], tombstone["deleted"], tombstone["version"]) == (
            "This message was deleted",
            True,
            3,
        )
        assert {*sent} - {*tombstone} == set()
        assert reply["replyTo"] == {"seq": 1, "deleted": True}
        assert SECRET not in str((await api.call(by, "GET", f"/sessions?email={by}"))[1])
    unread = await api.call(BOB, "GET", f"/{api.session_id}/unread?readerEmail={BOB}&intent={INTENT}")
    assert unread == (200, [])


async def test_a_repeat_after_a_change_gets_the_message_as_it_is(api: Api) -> None:
    message = api.message(ANN, "first")
    sent = (await api.call(ANN, "POST", "/message", message))[1]
    await api.change(ANN, "PATCH", sent, body={"content": "second"})
    assert (await api.call(ANN, "POST", "/message", message))[1]["content"] == "second"
    status, problem = await api.call(ANN, "POST", "/message", message | {"content": "second"})
    assert (status, problem["code"]) == (409, "idempotency-conflict")
    await api.change(ANN, "DELETE", sent, "?for=everyone")
    status, repeated = await api.call(ANN, "POST", "/message", message)
    assert (status, repeated["deleted"], repeated["seq"]) == (200, True, 1)


async def test_reactions_and_hiding_are_each_sides_own(api: Api) -> None:
    sent = await api.send(ANN, "hello")
    assert (await api.change(BOB, "PUT", sent, "/reaction", {"emoji": "👍🏽"}))[0] == 204
    (shown,) = await api.history(ANN)
    assert [(one["emoji"], len(one["by"])) for one in shown["reactions"]] == [("👍🏽", 1)]
    assert (await api.change(BOB, "DELETE", sent, "/reaction"))[0] == 204
    assert (await api.change(BOB, "DELETE", sent, "?for=me"))[0] == 204
    ((for_ann,), (for_bob,)) = (await api.history(ANN), await api.history(BOB))
    assert (for_ann["content"], for_ann["version"]) == ("hello", 3)
    assert (for_bob["content"], for_bob["deleted"], for_bob["version"]) == ("This message was deleted", True, 4)


async def test_a_receiver_without_a_connection_gets_the_current_message_later(api: Api) -> None:
    sent = await api.send(ANN, SECRET)
    await api.send(ANN, "see above", replyTo=1)
    await api.change(ANN, "PATCH", sent, body={"content": "better"})
    queue = "/user/queue/messages"
    async with WebClient(api.service.ws_url, api.service.token(BOB)) as bob:
        await bob.subscribe(queue, replay="undelivered")
        first, reply = await bob.messages(queue, 2)
        assert (first["content"], first["version"]) == ("better", 2)
        assert reply["replyTo"]["content"] == "better"
        await api.send(ANN, "live", replyTo=1)
        assert (await bob.messages(queue, 3))[2]["replyTo"]["content"] == "better"


@pytest.mark.parametrize(
    ("by", "method", "more", "body", "status", "code"),
    [
        (BOB, "PATCH", "", {"content": "mine"}, 403, "not-allowed"),
        (BOB, "DELETE", "?for=everyone", None, 403, "not-allowed"),
        (EVE, "PATCH", "", {"content": "mine"}, 403, "not-a-participant"),
        (ANN, "PATCH", "", {"content": "x", "version": 2}, 409, "version-conflict"),
        (ANN, "PATCH", "", {"content": " "}, 422, "invalid"),
        (ANN, "PATCH", "", {"content": "x", "email": BOB}, 403, "not-yourself"),
        (BOB, "PUT", "/reaction", {"emoji": "two 👍👍"}, 422, "invalid"),
        (ANN, "DELETE", "", None, 422, "invalid"),
    ],
)
async def test_a_refused_call_changes_nothing(
    api: Api, by: str, method: str, more: str, body: Any, status: int, code: str
) -> None:
    sent = await api.send(ANN, "hello")
    answered, problem = await api.change(by, method, sent, more, body)
    assert (answered, problem["code"]) == (status, code)
    unknown = {"messageId": str(uuid4())}
    assert (await api.change(ANN, "PATCH", unknown, body={"content": "x"}))[1]["code"] == "message-not-found"
    assert await api.history(ANN) == [sent]
