"""A short chaos run has no violation, unless a promise is broken on purpose."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aio_pika
import pytest

from chaos.plan import Plan
from chaos.report import Report
from chaos.run import run
from chaos.schedule import FaultKind
from chaos.testbed.testbed import Testbed
from lab.rabbitmq import RabbitNode, RabbitNodes
from tests.support.rabbitmq.fixtures import empty_sends
from tests.support.service import sabotaged_service


@asynccontextmanager
async def emptied(nodes: Sequence[RabbitNode]) -> AsyncIterator[Sequence[RabbitNode]]:
    """Empties the queues of sends before a run, and deletes the queues of killed instances afterwards."""
    await empty_sends(nodes[0])
    yield nodes
    connection = await aio_pika.connect(nodes[0].url)
    async with connection, connection.channel() as channel:
        for queue in nodes[0].queues():
            if queue.startswith("chat.deliveries."):
                await channel.queue_delete(queue)


@pytest.mark.timeout(300)
async def test_nothing_is_lost_whatever_is_killed(rabbitmq_cluster: RabbitNodes, tmp_path: Path) -> None:
    plan = Plan(seed=3, seconds=30, clients=60, faults=6, rate=150, hostile_clients=1)
    async with emptied(rabbitmq_cluster.nodes) as nodes, Testbed(tmp_path, nodes=nodes) as testbed:
        report = await run(testbed, plan)
    assert not report.violations, "\n".join(report.lines())
    assert not report.troubles, "\n".join(report.troubles)
    assert report.faults().total() == plan.faults
    assert report.counts()["messages acked"] > 1_000
    assert any(name.startswith("attack: ") for name in report.events.counts)


async def sabotaged(name: str, plan: Plan, node: RabbitNode, database_url: str, home: Path) -> Report:
    command = (sys.executable, sabotaged_service.__file__, name)
    async with (
        emptied([node]) as nodes,
        Testbed(home, instances=2, command=command, nodes=nodes, database_url=database_url) as testbed,
    ):
        return await run(testbed, plan)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("name", "kills", "expected"),
    [
        ("ack before commit", 2, "acked-not-stored"),
        ("processed before confirm", 1, "missed-while-connected"),
        ("resume off by one", 0, "out-of-order"),
        ("idempotency by cache only", 0, "stored-twice"),
    ],
)
async def test_a_broken_promise_is_noticed(
    name: str, kills: int, expected: str, rabbitmq: RabbitNode, database_url: str, tmp_path: Path
) -> None:
    plan = Plan(
        seed=1,
        seconds=8 if kills else 4,
        clients=40,
        faults=kills,
        rate=150,
        kinds=(FaultKind.KILL_INSTANCE,),
        patience=4,
    )
    report = await sabotaged(name, plan, rabbitmq, database_url, tmp_path)
    assert expected in report.kinds, "\n".join(report.lines())
