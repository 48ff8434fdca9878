"""The recipe of docs/clients.md, as it stands there, on a network that is cut at random."""

import asyncio
import contextlib
import json
import os
import random
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from entrypoints.settings import PROJECT
from tests.support.client_matrix import node
from tests.support.eventually import eventually
from tests.support.proxy import Proxy
from tests.support.service_process import ServiceProcess
from tests.support.web_client import Rest, chat_message

ANN, BOB = "ann@example.org", "bob@example.org"
CUTS = int(os.environ.get("CHAT_TEST_CUTS", "25"))
RUN = """
import WebSocket from 'ws';
Object.assign(globalThis, { WebSocket });
const [brokerURL, sessionId, token] = process.argv.slice(1);
const show = (destination, { seq }) => console.log(JSON.stringify([destination, seq]));
const state = { seq: 0, ids: new Set() };
resume({ brokerURL, sessionId, state, freshToken: async () => token, show, jitter: 20 });
"""


def recipe() -> str:
    found = re.search(r"<!-- recipe -->\n```js\n(.*?)```", (PROJECT / "docs" / "clients.md").read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@contextlib.asynccontextmanager
async def running(*arguments: str) -> AsyncIterator[list[tuple[str, int]]]:
    """The recipe in Node; what it shows, as it comes."""
    shown: list[tuple[str, int]] = []
    process = await asyncio.create_subprocess_exec(
        node.NODE, "--input-type=module", "--eval", recipe() + RUN, *arguments, cwd=node.HERE, stdout=subprocess.PIPE
    )

    async def read() -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            destination, seq = json.loads(line)
            shown.append((destination, seq))

    reading = asyncio.create_task(read())
    try:
        yield shown
    finally:
        process.kill()
        await process.wait()
        await reading


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


async def test_nothing_is_missed_and_nothing_shown_twice(tmp_path: Path, database_url: str) -> None:
    node.install()
    service = await ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url}).start()
    ann, bob = service.token(ANN), service.token(BOB)
    async with Rest(service.url, ann) as rest, Proxy(service.port) as network:
        session_id = await rest.init(ANN, BOB)
        async with running(f"ws://127.0.0.1:{network.port}/ws", session_id, bob) as shown:

            def seqs(destination: str) -> list[int]:
                return [seq for where, seq in shown if where == destination]

            topic, queue = f"/topic/session.{session_id}", "/user/queue/messages"
            cutting, sent = asyncio.create_task(cut_at_random(network)), 0
            while not cutting.done():
                sent += 1
                await until_stored(rest, chat_message(session_id, ANN, str(sent)))
            await eventually(lambda: len(seqs(topic)) >= sent, 60)
            assert seqs(topic) == list(range(1, sent + 1))
            assert len(seqs(queue)) == len(set(seqs(queue)))
    assert network.connections > CUTS / 10
    assert await service.stop() == 0
