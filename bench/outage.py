"""The broker is killed under load and comes back."""

import asyncio
from time import perf_counter

from bench.load_commands import CaughtUp, Phase
from bench.phase_result import PhaseResult
from bench.testbed import Testbed

CALM = 20.0
"""Seconds before the outage and after it."""


async def broker_outage(testbed: Testbed, *, rate: float, away: float) -> PhaseResult:
    """A phase during which the broker is away for so many seconds; a note says how soon all was delivered then."""
    assert testbed.broker is not None
    assert testbed.load is not None
    node = testbed.broker.nodes[0]
    phase = asyncio.create_task(testbed.phase(Phase(2 * CALM + away, 0, rate=rate)))
    await asyncio.sleep(CALM)
    await asyncio.to_thread(node.kill)
    await asyncio.sleep(away)
    await asyncio.to_thread(node.start)
    returned = perf_counter()  # one clock for all processes of a machine
    result = await phase
    answer = await testbed.load.ask(CaughtUp(returned))
    result.notes.append(
        f"{answer['seconds']:.1f} s after the broker's return all was delivered that was sent before it"
    )
    return result
