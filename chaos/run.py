"""One run: all talk while everything breaks; then it is healed, everybody comes back, and the books are read."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from time import monotonic

import aiohttp

from chaos.crowd import Crowd, gather_crowd
from chaos.events import Events
from chaos.faults import Faults
from chaos.mean_client import MeanClient
from chaos.observations import Observations
from chaos.plan import Plan
from chaos.report import Report
from chaos.schedule import Part, schedule
from chaos.stage import Stage

# of our own code: libraries call every lost connection an error
_FAILED = re.compile(r'"level": ?"(error|critical)", "logger": ?"(domain|application|adapters|entrypoints)\b')


Breaking = Callable[[], Awaitable[None]]


async def run(stage: Stage, plan: Plan, breaking: Breaking | None = None) -> Report:
    """`breaking` is what is done to the stage while everybody talks, instead of the faults of the plan."""
    events = Events()
    random = Random(plan.seed)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)) as http:
        crowd = await gather_crowd(stage, http, events, size=plan.clients, rate=plan.rate, random=random)
        mean = [MeanClient(stage, http, events, Random(plan.seed + n)) for n in range(plan.mean_clients)]
        faults = Faults(stage, plan.seed)
        begun = monotonic()
        try:
            await _talk(plan.seconds, crowd, mean, breaking or _as_planned(stage, plan, faults))
            seen = await _settle(stage, plan, crowd)
        finally:
            await crowd.stop()
    return Report(plan, seen, faults.inflicted, events, monotonic() - begun, _troubles(stage))


def _as_planned(stage: Stage, plan: Plan, faults: Faults) -> Breaking:
    targets = {Part.INSTANCE: len(stage.instances), Part.BROKER: len(stage.nodes), Part.DATABASE: 1}
    return lambda: faults.run(schedule(plan.seed, plan.seconds, plan.faults, targets, plan.kinds))


async def _talk(seconds: float, crowd: Crowd, mean: Sequence[MeanClient], breaking: Breaking) -> None:
    """For so long, and until everything is healed."""
    over = asyncio.Event()
    clients = [asyncio.create_task(work) for work in (crowd.talk(over), *(one.attack(over) for one in mean))]
    try:
        await asyncio.gather(breaking(), asyncio.sleep(seconds))
    finally:
        over.set()
        await asyncio.gather(*clients)


async def _settle(stage: Stage, plan: Plan, crowd: Crowd) -> Observations:
    crowd.calm_down()
    await stage.until_healthy()
    await crowd.until_acked(plan.patience)
    await _until_stored(stage, sum(len(person.witness.sent) for person in crowd.people), plan.patience)
    rows = await stage.store.rows()
    await crowd.until_complete(rows, plan.patience)
    crowd.note_what_is_there()
    await crowd.come_back(plan.patience)
    await crowd.until_complete(rows, plan.patience)
    crowd.note_who_is_back()
    owed = await stage.store.owed()
    witnesses = [person.witness for person in crowd.people]
    return Observations(await stage.store.rows(), witnesses, owed.pending, owed.dead, await stage.queued())


async def _until_stored(stage: Stage, count: int, within: float) -> None:
    """What was held in the broker is in the store, and the outbox is empty; or time is up, and the checker tells."""
    deadline = monotonic() + within
    while (await stage.store.count() < count or any(await stage.store.owed())) and monotonic() < deadline:
        await asyncio.sleep(0.5)


def _troubles(stage: Stage) -> list[str]:
    """What nobody should have to see: errors in the logs of instances, and stops that were not orderly."""
    told = []
    for number, instance in enumerate(stage.instances):
        log = instance.log.read_text(errors="replace") if instance.log.exists() else ""
        failed = [line for line in log.splitlines() if "Traceback" in line or _FAILED.search(line)]
        if failed:
            told.append(f"instance {number}: {len(failed)} failures in {instance.log}, the first: {failed[0][:500]}")
        if bad := [code for code in instance.exit_codes if code]:
            told.append(f"instance {number}: exit codes {bad} after SIGTERM")
    return told
