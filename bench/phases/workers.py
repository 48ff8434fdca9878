"""Several workers on one port, which reach each other over Unix sockets."""

import aiohttp

from bench.generators.commands import Phase
from bench.results.phase_result import PhaseResult
from bench.testbed.ports import eventually
from bench.testbed.testbed import Testbed

READY_TIMEOUT = 60.0


async def workers_phase(
    testbed: Testbed, *, workers: int, window: int, seconds: float, settle_seconds: float
) -> PhaseResult:
    """Measures the saturation of `workers` workers. Senders and receivers are on any of them."""
    await testbed.stop_instances()
    await testbed.start_instances(1, CHAT_WORKERS=str(workers))
    if workers > 1:
        (port,) = testbed.instances
        await eventually(lambda: _are_ready(port, workers), READY_TIMEOUT)
    await testbed.connect()
    await testbed.phase(Phase(settle_seconds, 0, window=max(1, window // 4)))  # not reported: it fills caches
    return await testbed.phase(Phase(seconds, 0, window=window))


async def _are_ready(port: int, workers: int) -> bool:
    """Whether `/metrics` has the metrics of all workers."""
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/metrics") as answer:
        text = await answer.text()
    return all(f'worker="{number}"' in text for number in range(workers))
