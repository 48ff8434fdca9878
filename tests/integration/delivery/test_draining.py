"""SIGTERM under load: the instance closes connections in batches, the clients resume, and no message is lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest

from adapters.stomp.connections import BATCH
from chaos.clients.stomp_client import Frame, StompClient
from chaos.plan import Plan
from chaos.report import Report
from chaos.run import run
from chaos.schedule import FaultKind
from chaos.testbed.testbed import Testbed
from lab.rabbitmq import RabbitNode

SHUTDOWN_SECONDS = 25  # the default of CHAT_SHUTDOWN_SECONDS
PLAN = Plan(seed=1, seconds=10, clients=60, rate=150)
BATCHES = 4


@pytest.fixture
async def testbed(fresh_rabbitmq: RabbitNode, database_url: str, tmp_path: Path) -> AsyncIterator[Testbed]:
    async with Testbed(tmp_path, nodes=[fresh_rabbitmq], database_url=database_url) as testbed:
        yield testbed


def nothing_is_lost(report: Report) -> None:
    assert not report.violations, "\n".join(report.lines())
    assert not report.troubles, "\n".join(report.troubles)
    assert report.counts()["messages acked"] > 500
    assert report.events.counts["closed with 1001"] > 0


class Listener:
    """A client that only listens, and notes when the service closes its connection."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.client = StompClient(self.frames.append)
        self.left = 0.0

    async def connect(self, url: str, token: str) -> None:
        await self.client.open(url, token, 0)

    async def until_closed(self) -> None:
        await self.client.lost.wait()
        self.left = monotonic()


async def test_a_stopping_instance_closes_connections_in_batches_and_loses_nothing(testbed: Testbed) -> None:
    listeners = [Listener() for _ in range(BATCHES * BATCH)]
    stopping = testbed.instances[0]
    url, token = f"{stopping.url.replace('http', 'ws', 1)}/ws", testbed.token("listener@example.org")
    for start in range(0, len(listeners), 50):
        await asyncio.gather(*(listener.connect(url, token) for listener in listeners[start : start + 50]))

    async def stop_one() -> None:
        await asyncio.sleep(PLAN.seconds / 3)
        begun = monotonic()
        leaving = asyncio.gather(*(listener.until_closed() for listener in listeners))
        await stopping.stop()
        assert monotonic() - begun < SHUTDOWN_SECONDS
        await leaving
        await stopping.start()

    report = await run(testbed, PLAN, stop_one)
    nothing_is_lost(report)
    assert stopping.exit_codes == [0]
    assert Counter(listener.client.close_code for listener in listeners) == {1001: len(listeners)}
    assert not any(listener.frames for listener in listeners), "an orderly end is no ERROR"
    left = sorted(listener.left for listener in listeners)
    pauses = [later - earlier for earlier, later in pairwise(left)]
    assert sum(pause > 0.03 for pause in pauses) >= BATCHES - 1, "not all were closed at once"
    assert left[-1] - left[0] < SHUTDOWN_SECONDS / 2


async def test_a_rolling_restart_under_load_loses_nothing(testbed: Testbed) -> None:
    plan = Plan(seed=2, seconds=20, clients=60, rate=150, faults=3, kinds=(FaultKind.RESTART_INSTANCE,))
    report = await run(testbed, plan)
    nothing_is_lost(report)
    assert {fault.target for fault in report.inflicted} == {0, 1, 2}
    assert [instance.exit_codes for instance in testbed.instances] == [[0]] * 3
