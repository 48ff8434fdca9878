"""Several workers on one port behave as several instances."""

import os
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from lab.rabbitmq import RabbitNode
from tests.support.clients.web_client import Rest, WebClient, chat_message
from tests.support.eventually import eventually_some
from tests.support.service.service_process import ServiceProcess, run_command

ANN, BOB = "ann@example.org", "bob@example.org"
CONNECTIONS = 12  # of each, so that both workers have some of both


@pytest.fixture(params=["RabbitMQ", "Unix sockets"])
def broker_url(request: pytest.FixtureRequest) -> str:
    """Where the workers meet."""
    if request.param == "Unix sockets":
        return ""
    node: RabbitNode = request.getfixturevalue("fresh_rabbitmq")
    return node.url


@pytest.fixture(params=["granian", "uvicorn"])
async def service(
    request: pytest.FixtureRequest, tmp_path: Path, database_url: str, broker_url: str
) -> AsyncIterator[ServiceProcess]:
    settings = {
        "CHAT_DATABASE_URL": database_url,
        "CHAT_BROKER_URL": broker_url,
        "CHAT_SERVER": request.param,
        "CHAT_WORKERS": "2",
    }
    async with ServiceProcess(tmp_path, settings) as service:
        yield service
        assert await service.stop() == 0
        assert "Traceback" not in service.log()


async def scrape(service: ServiceProcess, name: str) -> Counter[str]:
    """The sums of a metric by worker."""
    async with aiohttp.ClientSession() as http, http.get(f"{service.url}/metrics") as answer:
        text = await answer.text()
    found = re.findall(rf'^{name}\{{(?:.*,)?worker="(\d)"\}} (.+)$', text, re.MULTILINE)
    sums: Counter[str] = Counter()
    for worker, value in found:
        sums[worker] += int(float(value))
    return sums


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}/exe").exists()


def children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


async def test_clients_of_different_workers_chat_and_one_scrape_tells_of_all(service: ServiceProcess) -> None:
    async def both_tell() -> bool:
        return len(await scrape(service, "chat_connections")) == 2

    await eventually_some(both_tell, 60)
    await all_chat(service)


async def all_chat(service: ServiceProcess) -> None:
    """Clients on both workers; every reader gets every message once."""
    ann_token, bob_token = service.token(ANN), service.token(BOB)
    before = sum((await scrape(service, "chat_messages_total")).values())
    async with Rest(service.url, ann_token) as rest, AsyncExitStack() as stack:
        session_id = await rest.init(ANN, BOB)
        senders = [await stack.enter_async_context(WebClient(service.ws_url, ann_token)) for _ in range(CONNECTIONS)]
        readers = [await stack.enter_async_context(WebClient(service.ws_url, bob_token)) for _ in range(CONNECTIONS)]
        connections = await scrape(service, "chat_connections")
        assert sum(connections.values()) == 2 * CONNECTIONS
        assert all(connections.values())
        for reader in readers:
            await reader.subscribe("/user/queue/messages")
        for number, sender in enumerate(senders):
            await sender.subscribe("/user/queue/ack")
            await sender.send(chat_message(session_id, ANN, f"message {number}"))
        for reader in readers:
            got = await reader.messages("/user/queue/messages", CONNECTIONS)
            assert len({message["messageId"] for message in got}) == len(got) == CONNECTIONS
        stored = await scrape(service, "chat_messages_total")
        assert sum(stored.values()) - before == CONNECTIONS


async def test_a_worker_that_dies_is_restarted(service: ServiceProcess) -> None:
    async def both_tell() -> bool:
        return len(await scrape(service, "chat_connections")) == 2

    await eventually_some(both_tell, 60)  # one that dies before the first start is through fails that
    before = children(service.pid)
    os.kill(min(before), signal.SIGKILL)

    async def is_replaced() -> bool:
        now = children(service.pid)
        return len(now) == 2 and now != before and len(await scrape(service, "chat_connections")) == 2

    await eventually_some(is_replaced, 60)
    await all_chat(service)


async def test_workers_end_with_their_supervisor(service: ServiceProcess) -> None:
    workers = children(service.pid)
    await service.kill()

    async def have_ended() -> bool:
        return not any(map(is_alive, workers))

    await eventually_some(have_ended, 60)
    await service.start()


def test_workers_need_a_database_that_they_share(tmp_path: Path) -> None:
    settings = {"CHAT_PROFILE": "dev", "CHAT_DATA_DIR": str(tmp_path), "CHAT_DATABASE_URL": "memory:"}
    refused = run_command("serve", "--workers", "2", **settings)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "CHAT_WORKERS" in refused.stderr
