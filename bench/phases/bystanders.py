"""Four instances over RabbitMQ, with all clients on one: what a message costs each of the others."""

import asyncio

from bench.generators.commands import Phase
from bench.results.phase_result import PhaseResult
from bench.testbed.testbed import Testbed
from lab.processes import cpu_seconds

BYSTANDERS = 3


async def bystanders_phase(testbed: Testbed, *, rate: int, seconds: float) -> PhaseResult:
    """Runs a phase with all clients on the first of four instances.

    A note says what a message costs each of the others, less what they need without any message.
    """
    await testbed.stop_instances()
    await testbed.start_instances(1 + BYSTANDERS)
    await testbed.connect(together=True)
    await testbed.phase(Phase(3, 0, rate=rate))  # not reported: it fills caches
    before = _cpu(testbed)
    await asyncio.sleep(seconds)
    idle = _cpu(testbed) - before
    before = _cpu(testbed)
    result = await testbed.phase(Phase(seconds, 0, rate=rate))
    busy = _cpu(testbed) - before
    # the phase takes somewhat longer, so that this is rather too much
    cost = max(0.0, busy - idle) / BYSTANDERS / max(1, result.outcome.sent) * 1e6
    result.notes.append(f"each of the {BYSTANDERS} instances without clients: {cost:.1f} µs of CPU a message")
    return result


def _cpu(testbed: Testbed) -> float:
    _, *bystanders = testbed.instances.values()
    return sum(cpu_seconds(instance.pid) for instance in bystanders)
