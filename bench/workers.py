"""Several workers on one port, which reach each other over Unix sockets: what the crossing costs."""

import aiohttp

from bench.load_commands import Phase
from bench.phase_result import PhaseResult
from bench.ports import eventually
from bench.testbed import Testbed

READY_TIMEOUT = 60.0


async def workers_phase(testbed: Testbed, *, workers: int, window: int, seconds: float) -> PhaseResult:
    """The saturation of so many; sender and receiver are on any of them."""
    await testbed.stop_instances()
    await testbed.start_instances(1, CHAT_WORKERS=str(workers))
    if workers > 1:
        (port,) = testbed.instances
        await eventually(lambda: _are_ready(port, workers), READY_TIMEOUT)
    await testbed.connect()
    await testbed.phase(Phase(3, 0, window=max(1, window // 4)))  # not reported: it fills caches
    return await testbed.phase(Phase(seconds, 0, window=window))


async def _are_ready(port: int, workers: int) -> bool:
    """Whether all of them tell their metrics."""
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/metrics") as answer:
        text = await answer.text()
    return all(f'worker="{number}"' in text for number in range(workers))
