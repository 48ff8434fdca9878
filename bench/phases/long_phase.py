"""A steady load for many minutes: shows whether latency and memory stay the same."""

from statistics import median

from bench.generators.commands import Phase
from bench.results.phase_result import PhaseResult
from bench.testbed.testbed import Testbed

_MIB = 2**20


async def long_phase(testbed: Testbed, *, rate: float, seconds: float) -> PhaseResult:
    """Runs the phase. Its notes have the p99 of each minute, and the memory before and after."""
    before = testbed.resident()
    result = await testbed.phase(Phase(seconds, 0, rate=rate))
    after = testbed.resident()
    minutes = [minute.p99 for minute in result.outcome.minutes]
    result.notes.append(
        f"p99 of each minute: {', '.join(f'{p99:.0f}' for p99 in minutes)} ms (median {median(minutes or [0]):.0f})"
    )
    result.notes.append(f"memory of the service: {before / _MIB:.0f} MiB at the start, {after / _MIB:.0f} at the end")
    return result
