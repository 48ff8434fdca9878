"""SIGTERM under load: clients are sent elsewhere in paced batches, come back and resume, and nobody misses anything."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest

from adapters.stomp.connections import BATCH
from chaos.plan import Plan
from chaos.report import Report
from chaos.run import run
from chaos.schedule import FaultKind
from chaos.stage import Stage
from chaos.wire import Frame, Wire
from lab.rabbitmq import RabbitNode

SHUTDOWN_SECONDS = 25  # the default of CHAT_SHUTDOWN_SECONDS
PLAN = Plan(seed=1, seconds=10, clients=60, rate=150)
BATCHES = 4


@pytest.fixture
async def stage(fresh_rabbitmq: RabbitNode, database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path, nodes=[fresh_rabbitmq], database_url=database_url) as stage:
        yield stage


def nothing_is_lost(report: Report) -> None:
    assert not report.violations, "\n".join(report.lines())
    assert not report.troubles, "\n".join(report.troubles)
    assert report.counts()["messages acked"] > 500
    assert report.events.counts["closed with 1001"] > 0


class Guest:
    """Somebody who only listens, and notes when and how it was sent away."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.wire = Wire(self.frames.append)
        self.left = 0.0

    async def come(self, url: str, token: str) -> None:
        await self.wire.open(url, token, 0)

    async def until_sent_away(self) -> None:
        await self.wire.lost.wait()
        self.left = monotonic()


async def test_clients_of_a_stopping_instance_are_sent_away_in_paced_batches_and_miss_nothing(stage: Stage) -> None:
    guests = [Guest() for _ in range(BATCHES * BATCH)]
    stopping = stage.instances[0]
    url, token = f"{stopping.url.replace('http', 'ws', 1)}/ws", stage.token("guest@example.org")
    for start in range(0, len(guests), 50):
        await asyncio.gather(*(guest.come(url, token) for guest in guests[start : start + 50]))

    async def stop_one() -> None:
        await asyncio.sleep(PLAN.seconds / 3)
        begun = monotonic()
        leaving = asyncio.gather(*(guest.until_sent_away() for guest in guests))
        await stopping.stop()
        assert monotonic() - begun < SHUTDOWN_SECONDS
        await leaving
        await stopping.start()

    report = await run(stage, PLAN, stop_one)
    nothing_is_lost(report)
    assert stopping.exit_codes == [0]
    assert Counter(guest.wire.close_code for guest in guests) == {1001: len(guests)}
    assert not any(guest.frames for guest in guests), "an orderly end is no ERROR"
    left = sorted(guest.left for guest in guests)
    pauses = [later - earlier for earlier, later in pairwise(left)]
    assert sum(pause > 0.03 for pause in pauses) >= BATCHES - 1, "they did not leave all at once"
    assert left[-1] - left[0] < SHUTDOWN_SECONDS / 2


async def test_a_rolling_restart_under_load_loses_nothing(stage: Stage) -> None:
    plan = Plan(seed=2, seconds=20, clients=60, rate=150, faults=3, kinds=(FaultKind.RESTART_INSTANCE,))
    report = await run(stage, plan)
    nothing_is_lost(report)
    assert {one.target for one in report.inflicted} == {0, 1, 2}
    assert [instance.exit_codes for instance in stage.instances] == [[0]] * 3
