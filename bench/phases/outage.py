"""Kills the broker under load, and starts it again."""

import asyncio
from time import perf_counter

from bench.generators.commands import CaughtUp, Phase
from bench.results.phase_result import PhaseResult
from bench.testbed.testbed import Testbed

CALM = 20.0
"""Seconds of load before and after the outage."""


async def broker_outage(testbed: Testbed, *, rate: float, away: float) -> PhaseResult:
    """Runs a phase with the broker away for `away` seconds. A note says how soon all was delivered afterwards."""
    assert testbed.broker is not None
    assert testbed.load is not None
    node = testbed.broker.nodes[0]
    phase = asyncio.create_task(testbed.phase(Phase(2 * CALM + away, 0, rate=rate)))
    await asyncio.sleep(CALM)
    await asyncio.to_thread(node.kill)
    await asyncio.sleep(away)
    await asyncio.to_thread(node.start)
    returned = perf_counter()  # all processes of a machine share this clock
    result = await phase
    answer = await testbed.load.ask(CaughtUp(returned))
    result.notes.append(
        f"{answer['seconds']:.1f} s after the broker's return all was delivered that was sent before it"
    )
    return result
