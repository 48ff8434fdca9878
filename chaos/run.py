"""Runs a plan: users write while servers break; then all is healed, users reconnect, and the promises are checked."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from time import monotonic

import aiohttp

from chaos.clients.hostile_client import HostileClient
from chaos.clients.simulated_users import SimulatedUsers, make_users
from chaos.events import Events
from chaos.observations import Observations
from chaos.plan import Plan
from chaos.report import Report
from chaos.schedule import Part, schedule
from chaos.testbed.faults import Faults
from chaos.testbed.testbed import Testbed

# errors of our own code only, as libraries log every lost connection as an error
_FAILED = re.compile(r'"level": ?"(error|critical)", "logger": ?"(domain|application|adapters|entrypoints)\b')


Breaking = Callable[[], Awaitable[None]]
"""Breaks servers, and returns when all is healed."""


async def run(testbed: Testbed, plan: Plan, breaking: Breaking | None = None) -> Report:
    """Runs a plan and returns its report. `breaking` replaces the faults of the plan."""
    events = Events()
    random = Random(plan.seed)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)) as http:
        users = await make_users(testbed, http, events, size=plan.clients, rate=plan.rate, random=random)
        hostile = [HostileClient(testbed, http, events, Random(plan.seed + n)) for n in range(plan.hostile_clients)]
        faults = Faults(testbed, plan.seed)
        begun = monotonic()
        try:
            await _work(plan.seconds, users, hostile, breaking or _as_planned(testbed, plan, faults))
            seen = await _settle(testbed, plan, users)
        finally:
            await users.stop()
    return Report(plan, seen, faults.inflicted, events, monotonic() - begun, _troubles(testbed))


def _as_planned(testbed: Testbed, plan: Plan, faults: Faults) -> Breaking:
    targets = {Part.INSTANCE: len(testbed.instances), Part.BROKER: len(testbed.nodes), Part.DATABASE: 1}
    return lambda: faults.run(schedule(plan.seed, plan.seconds, plan.faults, targets, plan.kinds))


async def _work(seconds: float, users: SimulatedUsers, hostile: Sequence[HostileClient], breaking: Breaking) -> None:
    """Lets all clients work for `seconds`, and until `breaking` has ended."""
    over = asyncio.Event()
    clients = [asyncio.create_task(work) for work in (users.work(over), *(client.attack(over) for client in hostile))]
    try:
        await asyncio.gather(breaking(), asyncio.sleep(seconds))
    finally:
        over.set()
        await asyncio.gather(*clients)


async def _settle(testbed: Testbed, plan: Plan, users: SimulatedUsers) -> Observations:
    """Waits until all is healed and delivered, lets the users reconnect, and collects what they saw."""
    users.stay_connected()
    await testbed.until_healthy()
    await users.until_acked(plan.patience)
    await _until_stored(testbed, sum(len(user.witness.sent) for user in users.users), plan.patience)
    queued = await _until_taken(testbed, plan.patience)
    rows = await testbed.store.rows()
    await users.until_complete(rows, plan.patience)
    users.note_settled()
    await users.reconnect(plan.patience)
    await users.until_complete(rows, plan.patience)
    users.note_who_came_back()
    outbox = await testbed.store.outbox()
    witnesses = [user.witness for user in users.users]
    return Observations(await testbed.store.rows(), witnesses, outbox.pending, outbox.dead, queued)


async def _until_stored(testbed: Testbed, count: int, within: float) -> None:
    """Waits until the store has `count` messages and the outbox is empty, up to `within` seconds."""
    deadline = monotonic() + within
    while (await testbed.store.count() < count or any(await testbed.store.outbox())) and monotonic() < deadline:
        await asyncio.sleep(0.5)


async def _until_taken(testbed: Testbed, within: float) -> Mapping[str, int]:
    """Waits until the queues of sends are empty, up to `within` seconds. Returns how many messages each has.

    A send may still be there after its repeat was stored over another route, and RabbitMQ counts late.
    """
    deadline = monotonic() + within
    while any((queued := await testbed.queued()).values()) and monotonic() < deadline:
        await asyncio.sleep(1)
    return queued


def _troubles(testbed: Testbed) -> list[str]:
    """Errors in the logs of instances, and stops with an exit code other than 0."""
    troubles = []
    for number, instance in enumerate(testbed.instances):
        log = instance.log.read_text(errors="replace") if instance.log.exists() else ""
        failed = [line for line in log.splitlines() if "Traceback" in line or _FAILED.search(line)]
        if failed:
            troubles.append(
                f"instance {number}: {len(failed)} failures in {instance.log}, the first: {failed[0][:500]}"
            )
        if bad := [code for code in instance.exit_codes if code]:
            troubles.append(f"instance {number}: exit codes {bad} after SIGTERM")
    return troubles
