"""The recipes of docs/clients.md, as they stand there, on a network that is cut at random."""

import asyncio
import json
import random
import re
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from entrypoints.checkout import PROJECT
from tests.support.clients.client_matrix import node
from tests.support.clients.client_matrix.chromium import pages, started
from tests.support.clients.web_client import Rest, chat_message
from tests.support.eventually import eventually
from tests.support.network.proxy import Proxy
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"
CUTS = 200
IN_NODE = "import WebSocket from 'ws'; Object.assign(globalThis, { WebSocket, hear: console.log });"
RUN = """
const state = { seq: 0, ids: new Set() };
const show = (destination, { seq }) => hear(JSON.stringify([destination, seq]));
resume({ brokerURL, sessionId, state, freshToken: async () => token, show, jitter: 20 });
"""
pytestmark = pytest.mark.timeout(360)  # it may have to wait for the libraries to be installed


def recipe(name: str) -> str:
    """The one under the comment `<!-- NAME -->`."""
    text = (PROJECT / "docs" / "clients.md").read_text()
    found = re.search(rf"<!-- {name} -->\n```js\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def program(name: str, **values: str) -> str:
    return "".join([recipe(name), *(f"const {name} = {json.dumps(value)};" for name, value in values.items()), RUN])


class Shown:
    """What the recipe shows, as it comes."""

    def __init__(self) -> None:
        self._all: list[tuple[str, int]] = []

    def hear(self, line: str | bytes) -> None:
        destination, seq = json.loads(line)
        self._all.append((destination, seq))

    def seqs(self, destination: str) -> list[int]:
        return [seq for where, seq in self._all if where == destination]

    def has(self, count: int, destination: str) -> bool:
        return len(self.seqs(destination)) >= count


@asynccontextmanager
async def in_node(program: str) -> AsyncIterator[Shown]:
    shown = Shown()
    process = await asyncio.create_subprocess_exec(
        node.NODE, "--input-type=module", "--eval", IN_NODE + program, cwd=node.HERE, stdout=subprocess.PIPE
    )

    async def read() -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            shown.hear(line)

    reading = asyncio.create_task(read())
    try:
        yield shown
    finally:
        process.kill()
        await process.wait()
        await reading


@asynccontextmanager
async def in_chromium(program: str) -> AsyncIterator[Shown]:
    shown = Shown()
    with pages() as address:
        async with started(address) as chromium:
            tab = await chromium.tab("recipe")
            tab.hear = shown.hear
            await tab.page.add_script_tag(type="module", content=program)
            yield shown
            assert tab.faults == []


async def cut_at_random(network: Proxy) -> None:
    for _ in range(CUTS):
        await asyncio.sleep(random.uniform(0, 0.2))
        network.cut()
        await asyncio.sleep(random.uniform(0, 0.05))
        network.heal()


async def until_stored(rest: Rest, message: dict[str, Any]) -> None:
    """A machine that is busy with other tests may say 503: the same again then, as the API has it."""
    async with asyncio.timeout(30):
        while (status := (await rest.post("/api/chat/message", message))[0]) != 200:
            assert status == 503
            await asyncio.sleep(0.1)


@pytest.fixture
async def service(tmp_path: Path, database_url: str) -> AsyncIterator[ServiceProcess]:
    node.install()
    async with ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url}) as service:
        yield service
        assert await service.stop() == 0


@pytest.mark.parametrize(("name", "platforms"), [("recipe", (in_node, in_chromium)), ("recipe: rx-stomp", (in_node,))])
async def test_nothing_is_missed_and_nothing_shown_twice(
    service: ServiceProcess, name: str, platforms: Sequence[Callable[[str], AbstractAsyncContextManager[Shown]]]
) -> None:
    ann, bob = service.token(ANN), service.token(BOB)
    async with Rest(service.url, ann) as rest, Proxy(service.port) as network, AsyncExitStack() as running:
        session_id = await rest.init(ANN, BOB)
        resuming = program(name, brokerURL=f"ws://127.0.0.1:{network.port}/ws", sessionId=session_id, token=bob)
        screens = [await running.enter_async_context(platform(resuming)) for platform in platforms]
        topic, queue = f"/topic/session.{session_id}", "/user/queue/messages"
        cutting, sent = asyncio.create_task(cut_at_random(network)), 0
        while not cutting.done():
            sent += 1
            await until_stored(rest, chat_message(session_id, ANN, str(sent)))
        for shown in screens:
            await eventually(partial(shown.has, sent, topic), 60)
            assert shown.seqs(topic) == list(range(1, sent + 1))
            assert len(shown.seqs(queue)) == len(set(shown.seqs(queue)))
    assert network.connections > CUTS / 10
