"""Few messages beside many idle connections, and the memory of an idle connection."""

from bench.generators.commands import Phase
from bench.results.report import Report
from bench.testbed.capacity import most_idle
from bench.testbed.testbed import Testbed, stop
from entrypoints.server.descriptors import file_limit

RATE = 100


async def idle_phase(testbed: Testbed, report: Report, *, wanted: int, seconds: float) -> None:
    """Opens `wanted` idle connections, or as many as the limit of open files allows, and runs a phase."""
    count = min(wanted, most_idle(testbed.users.count))
    if count < wanted:
        report.notes.append(
            f"idle connections: {count:,} instead of {wanted:,}, as a process may have {file_limit():,} files open here"
        )
    if count < 1:
        return
    idle, report.idle_bytes = await testbed.open_idle(count)
    report.add_alone(f"{RATE}/s beside {count:,} idle", await testbed.phase(Phase(seconds, 0, rate=RATE)))
    await stop(idle.process)
