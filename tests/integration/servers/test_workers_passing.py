"""Typing and presence between the workers of one machine, over RabbitMQ and over Unix sockets; one worker is killed."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic

import pytest

from lab.rabbitmq import RabbitNode
from tests.integration.delivery.test_passing import client, events, say, sessions_of_ann, told
from tests.integration.servers.test_workers import children
from tests.support.clients.web_client import WebClient
from tests.support.eventually import eventually
from tests.support.service.service_process import ServiceProcess

ANN = "ann@example.org"
OTHERS = [f"other{number}@example.org" for number in range(8)]
WATCHERS = 8  # connections of Ann, so that each worker has some


@pytest.fixture(params=["RabbitMQ", "Unix sockets"])
async def service(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> AsyncIterator[ServiceProcess]:
    settings = {"CHAT_DATABASE_URL": database_url, "CHAT_WORKERS": "2"}
    if request.param == "RabbitMQ":
        node: RabbitNode = request.getfixturevalue("rabbitmq")
        settings["CHAT_BROKER_URL"] = node.url
    async with ServiceProcess(tmp_path, settings) as service:
        yield service
        assert await service.stop() == 0
        assert "Traceback" not in service.log()


def last_states(watcher: WebClient) -> dict[str, str]:
    return {event["profileId"]: event["state"] for event in events(watcher, "presence")}


async def test_workers_know_of_each_other_and_of_a_death(service: ServiceProcess) -> None:
    sessions = await sessions_of_ann(service, *OTHERS)
    async with AsyncExitStack() as stack:
        others = [await client(stack, service, other) for other in OTHERS]
        watchers = [await client(stack, service, ANN) for _ in range(WATCHERS)]
        for watcher in watchers:
            await say(watcher, "watch", sessionIds=sessions)
            await told(watcher, "presence", len(OTHERS))
            assert set(last_states(watcher).values()) == {"online"}
        for session_id in sessions:
            await say(watchers[0], "typing", sessionId=session_id, state="typing")
        for other in others:
            await told(other, "typing")
        os.kill(min(children(service.pid)), signal.SIGKILL)
        died = monotonic()
        await eventually(lambda: any(one.is_closed for one in [*others, *watchers]))
        left = [watcher for watcher in watchers if not watcher.is_closed]
        gone = sum(other.is_closed for other in others)
        assert left
        for watcher in left:
            await eventually(lambda: list(last_states(watcher).values()).count("offline") == gone, 65)  # noqa: B023
        assert monotonic() - died < 60
        for watcher in left:
            assert list(last_states(watcher).values()).count("offline") == gone
