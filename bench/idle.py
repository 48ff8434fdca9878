"""A slow trickle of messages beside connections that only beat, and what such a connection costs."""

from bench.load_commands import Phase
from bench.report import Report
from bench.room import most_idle
from bench.testbed import Testbed, stop
from entrypoints.server.descriptors import file_limit

RATE = 100


async def idle_phase(testbed: Testbed, report: Report, *, wanted: int, seconds: float) -> None:
    """`wanted` idle connections, or as many as the limit of open files has room for; the report says so."""
    count = min(wanted, most_idle(testbed.people.count))
    if count < wanted:
        report.notes.append(
            f"idle connections: {count:,} instead of {wanted:,}, as a process may have {file_limit():,} files open here"
        )
    if count < 1:
        return
    idle, report.idle_bytes = await testbed.open_idle(count)
    report.add_alone(f"{RATE}/s beside {count:,} idle", await testbed.phase(Phase(seconds, 0, rate=RATE)))
    await stop(idle.process)
