"""Many people write and change messages with slow commits, while a reader's connection is cut and resumed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import msgspec
import pytest

from tests.support.clients.web_client import Rest, WebClient, chat_message
from tests.support.devices.kept import Kept, without_delivered
from tests.support.eventually import eventually
from tests.support.postgres.slow_commits import commit_slowly
from tests.support.service.service_process import ServiceProcess

BOB = "bob@example.org"
PEOPLE = [f"p{number}@example.org" for number in range(20)]
TASKS = 5
"""Of each of the people, who write at once."""
PER_CONNECTION = 50
"""Events after which the reader cuts its connection."""


@pytest.fixture
async def service(tmp_path: Path, database_url: str) -> AsyncIterator[ServiceProcess]:
    service = ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url, "CHAT_RATE_COMMANDS": "0"})
    await service.start()
    yield service
    await service.stop()
    assert "Traceback" not in service.log()


class Reader:
    """Bob, who takes events in order, and resumes after the last token before a cut."""

    def __init__(self, service: ServiceProcess) -> None:
        self._service = service
        self.kept = Kept(BOB)
        self.token = ""
        self.connections = 0

    async def read(self, *, until_ready: bool = False) -> None:
        """Takes some of the events of one connection, or those up to `ready`."""
        headers = {"resume_after": self.token} if self.token else {}
        async with WebClient(self._service.ws_url, self._service.token(BOB)) as client:
            await client.subscribe("/user/queue/events", **headers)
            taken = 0
            deadline = monotonic() + 1
            while until_ready or (taken < PER_CONNECTION and monotonic() < deadline):
                came = client.of("MESSAGE")[taken:]
                for frame in came:
                    event = msgspec.json.decode(frame.body)
                    assert event["type"] != "reset"
                    self.kept.take(event)
                    self.token = event.get("sync") or frame.headers.get("sync") or self.token
                    if until_ready and event["type"] == "ready":
                        return
                taken += len(came)
                await eventually(lambda: len(client.of("MESSAGE")) > taken or monotonic() > deadline)  # noqa: B023
        self.connections += 1


@pytest.mark.timeout(600)
async def test_a_reader_that_is_cut_and_resumes_misses_nothing(
    service: ServiceProcess, database_url: str, pytestconfig: pytest.Config
) -> None:
    reader = Reader(service)
    await reader.read()
    await commit_slowly(database_url)
    people = [Rest(service.url, service.token(email)) for email in PEOPLE]
    sessions = [await rest.init(email, BOB) for rest, email in zip(people, PEOPLE, strict=True)]
    until = monotonic() + pytestconfig.getoption("soak")
    writers = [
        write(rest, email, session_id, Random(f"{email}{task}"), until)
        for rest, email, session_id in zip(people, PEOPLE, sessions, strict=True)
        for task in range(TASKS)
    ]
    writing = asyncio.gather(*writers)
    while not writing.done():
        await reader.read()
    assert sum(await writing) > len(writers)
    await reader.read(until_ready=True)
    assert reader.connections > 1
    async with Rest(service.url, service.token(BOB)) as bob:
        for session_id in sessions:
            shown = [without_delivered(message) for message in await bob.history(session_id)]
            assert reader.kept.history(session_id) == shown
    for rest in people:
        await rest.__aexit__()


async def write(rest: Rest, email: str, session_id: str, random: Random, until: float) -> int:
    """Sends, edits, reacts and deletes. Returns how much of that was done."""
    done = 0
    sent: list[dict[str, Any]] = []
    while monotonic() < until:
        kind = random.choice(["send", "edit", "react", "delete"]) if sent else "send"
        if kind == "send":
            status, answer = await rest.post("/api/chat/message", chat_message(session_id, email, f"says {done}"))
            sent += [answer] if status == 200 else []
        else:
            place = f"/api/chat/{session_id}/messages/{random.choice(sent)['messageId']}"
            if kind == "edit":
                status, _ = await rest.call("PATCH", place, f'{{"content": "edits {done}"}}')
            elif kind == "react":
                status, _ = await rest.call("PUT", f"{place}/reaction", '{"emoji": "👍"}')
            else:
                status, _ = await rest.call("DELETE", f"{place}?for=everyone")
        assert status in (200, 204, 410, 503), status  # it may be deleted, or its session too busy
        done += status in (200, 204)
    return done
