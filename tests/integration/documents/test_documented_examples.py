"""The examples of the documents, as they stand there but for the port, each against a running service."""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import partial
from operator import contains
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from entrypoints.checkout import PROJECT
from tests.support.clients.client_matrix import node
from tests.support.clients.web_client import Rest, chat_message
from tests.support.eventually import eventually, eventually_some
from tests.support.postgres.databases import Databases
from tests.support.service.service_process import COMMAND, ServiceProcess, environment
from tests.support.service.shared_service import shared_service

ANN, BOB = "ann@example.org", "bob@example.org"
pytestmark = pytest.mark.timeout(360)  # the first one waits for the libraries to be installed


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[ServiceProcess]:
    node.install()
    with shared_service(tmp_path_factory.mktemp("examples"), databases) as service:
        yield service


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the libraries are found, as after `npm install`."""
    (tmp_path / "node_modules").symlink_to(node.HERE / "node_modules")
    return tmp_path


def blocks(document: str, language: str) -> dict[str, str]:
    """The code in this language, by the heading that it stands under or the mark before it."""
    found: dict[str, str] = {}
    heading = ""
    a_part = r"^#+ (.*)$|^(?:<!-- run: (.*) -->\n)?```(\w+)\n((?:.*\n)*?)```$"
    parts = re.finditer(a_part, _text(document), re.MULTILINE)
    for part in parts:
        heading = part[1] or heading
        if part[3] == language:
            found[part[2] or heading] = part[4]
    return found


def _text(document: str) -> str:
    return (PROJECT / document).read_text()


def at(service: ServiceProcess, code: str) -> str:
    """The code with the port of the service in it."""
    assert "8080" in code
    return code.replace("8080", str(service.port))


@contextlib.asynccontextmanager
async def running(*command: object, cwd: Path, env: Mapping[str, str] | None = None) -> AsyncIterator[list[str]]:
    """The lines that it prints, as they come, errors among them."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command), cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    lines: list[str] = []

    async def read() -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            lines.append(line.decode().rstrip("\n"))

    reading = asyncio.create_task(read())
    try:
        yield lines
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading


async def shown(lines: Sequence[str], *expected: str) -> None:
    with contextlib.suppress(AssertionError):  # the comparison tells more
        await eventually(lambda: len(lines) >= len(expected), 30)
    assert sorted(lines) == sorted(expected)


def in_node(service: ServiceProcess, folder: Path, code: str) -> tuple[object, ...]:
    script = folder / "example.mjs"
    script.write_text(at(service, code))
    return node.NODE, script


async def shell(service: ServiceProcess, script: str) -> list[Any]:
    """The JSON that each call of the script answers with; None for no body."""
    here = at(service, script).replace(".venv/bin/chat-service", COMMAND)
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-ec", here],
        env=environment(service.settings),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) if line else None for line in done.stdout.splitlines()]


async def test_the_shell_of_the_api_page(service: ServiceProcess) -> None:
    (script,) = blocks("docs/api.md", "sh").values()
    first, again, capabilities, sessions, sync, history, unread, seen, refused, *changes = await shell(service, script)
    reacted, edited, reply, deleted, counts, marked, pinned, archived, archive, hidden, settings, shown = changes
    assert first == again
    assert set(capabilities) == {"features", "limits"}
    assert first["content"] == "See you at eight?"
    assert first["sessionId"] in [one["sessionId"] for one in sessions["sessions"]]
    assert history[-1] == unread[-1] == first
    assert seen is None
    assert (refused["status"], refused["code"]) == (403, "not-yourself")
    assert (sync["changes"], sync["more"], bool(sync["next"])) == ([], False, True)
    assert reacted is deleted is None
    assert (edited["content"], edited["version"]) == ("See you at nine?", 3)
    assert reply["replyTo"]["content"] == "See you at nine?"
    assert (set(counts), counts["total"]) == ({"total", "sessions", "byIntent", "bySession"}, 0)
    assert marked is pinned is archived is hidden is shown is None
    (entry,) = (one for one in archive["sessions"] if one["sessionId"] == first["sessionId"])
    assert (entry["pinned"], entry["muted"], entry["archived"], "draft" in entry) == (True, True, True, False)
    assert [one["seenReceipts"] for one in settings["settings"]] == [False]


async def test_the_shell_of_the_readme(service: ServiceProcess) -> None:
    script = blocks("README.md", "sh")["By curl"]
    script, count = re.subn(r"^make run .*$", "", script, flags=re.M)
    assert count == 1
    sent, history = await shell(service, script)
    assert sent["content"] == "hello"
    assert history[-1]["messageId"] == sent["messageId"]


async def test_the_javascript_of_the_readme(service: ServiceProcess, folder: Path) -> None:
    code = blocks("README.md", "js")["By a stock STOMP client"]
    ann, bob = _two()
    token = service.token(ann)
    async with Rest(service.url, token) as rest:
        session_id = await rest.init(ann, bob)
        arguments = (token, session_id, ann, "what I say")
        async with running(*in_node(service, folder, code), *arguments, cwd=folder) as lines:
            await eventually(lambda: len(lines) == 1, 30)
        (stored,) = await rest.history(session_id)
    kind, _, body = lines[0].partition(" ")
    assert (kind, json.loads(body), stored["content"]) == ("ack", stored, "what I say")


async def test_the_javascript_of_the_api_page(service: ServiceProcess, folder: Path) -> None:
    code = blocks("docs/api.md", "js")["A client in JavaScript"]
    ann, bob = service.token(ANN), service.token(BOB)
    async with Rest(service.url, ann) as rest:
        session_id = await rest.init(ANN, BOB)
        before = len(await rest.history(session_id))
        async with running(*in_node(service, folder, code), ann, bob, session_id, cwd=folder) as lines:
            seq = before + 1
            for line in (
                f"bob received {seq} Half past.",
                *(f"session {one}" for one in range(1, seq + 1)),
                f"ann stored {seq}",
                "ann: durable",
                "ann refused invalid",
                f"bob has seen {seq}",
            ):
                await eventually(partial(contains, lines, line), 30)
        assert not [line for line in lines if line.startswith("ERROR")]


JAVASCRIPT, SOCKJS = "stompjs", "stompjs over sockjs-client"
SNIPPETS = ("stomp.py", "stompman", JAVASCRIPT, SOCKJS)


def test_every_snippet_that_is_marked_as_run_is_run() -> None:
    marked = set(re.findall("<!-- run: (.*) -->", _text("docs/clients.md")))
    assert marked == set(SNIPPETS)


@pytest.mark.parametrize("name", SNIPPETS)
async def test_a_snippet_shows_missed_messages_and_the_ack_of_its_own(
    service: ServiceProcess, folder: Path, name: str
) -> None:
    ann, bob = _two()
    token = service.token(ann)
    async with Rest(service.url, token) as ann_by_rest, Rest(service.url, service.token(bob)) as bob_by_rest:
        # in a session of its own, so that no topic brings it, and the ACK alone is its delivery
        other = await bob_by_rest.init(bob, ann, "work")
        missed = chat_message(other, bob, "missed", intent="work")
        session_id = await ann_by_rest.init(ann, bob)
        for rest, message in ((bob_by_rest, missed), (ann_by_rest, chat_message(session_id, ann, "before"))):
            assert (await rest.post("/api/chat/message", message))[0] == 200

        async def is_acked() -> bool:
            return bool((await bob_by_rest.history(other))[0]["delivered"])

        assert not await is_acked()
        command = _command(service, folder, name)
        async with running(*command, token, session_id, ann, cwd=folder, env=_unbuffered()) as lines:
            await shown(lines, "received missed", "session 1", "session 2", "stored hello")
            assert await eventually_some(is_acked)


def _command(service: ServiceProcess, folder: Path, name: str) -> tuple[object, ...]:
    if name in (JAVASCRIPT, SOCKJS):
        snippets = blocks("docs/clients.md", "js")
        code = snippets[JAVASCRIPT]
        if name == SOCKJS:
            code = code.replace("client.activate();", f"{snippets[SOCKJS]}client.activate();")
        return in_node(service, folder, code)
    script = folder / "example.py"
    script.write_text(at(service, blocks("docs/clients.md", "python")[name]))
    return sys.executable, script


def _unbuffered() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1"}


def _two() -> tuple[str, str]:
    """A pair of people of the test's own."""
    return f"ann-{uuid4()}@example.org", f"bob-{uuid4()}@example.org"
