"""Very many clients on three instances over RabbitMQ, and a restart of one instance."""

import argparse
import asyncio
from pathlib import Path
from time import perf_counter

from bench.generators.commands import ResumePhase, ResumePlan
from bench.generators.load_process import LoadProcess
from bench.phases.cold import make_sessions
from bench.results.merging import merged_outcome
from bench.results.phase_result import PhaseResult
from bench.results.report import Report
from bench.results.store_counts import StoreCounts
from bench.testbed.accounting import count_in_store
from bench.testbed.capacity import CROWD_INSTANCES, CROWD_UNAUTHENTICATED
from bench.testbed.testbed import Testbed
from lab.processes import resident_bytes

RATE = 2_000
CONNECTIONS_A_PROCESS = 12_500
"""Connections of one load generator. Each has its own source address, and so its own ports."""
RESTART_AFTER = 10.0
"""Seconds of the second phase before the restart."""
CONNECT_TIMEOUT = 1_800.0
_MIB = 2**20


async def run_crowd(options: argparse.Namespace, home: Path) -> Report:
    """Runs two phases with `options.crowd` connections that send heart-beats. The second one has the restart."""
    pairs = options.crowd // 2
    async with Testbed(home, options.server, pairs) as testbed:
        report = Report(options.server, pairs, crowd=2 * pairs)
        report.noise.measure()
        crowd = _Crowd(testbed, pairs)
        await crowd.start(report)
        seconds = options.crowd_seconds
        report.add_across(f"{RATE:,}/s among {2 * pairs:,}", await crowd.phase(seconds))
        report.notes.append(f"memory under load: {crowd.memory()}")
        restart = asyncio.create_task(crowd.restart_one())
        result = await crowd.phase(seconds + RESTART_AFTER)
        result.notes.append(await restart)
        report.add_across(f"{RATE:,}/s, one of {CROWD_INSTANCES} restarted", result)
        report.notes.append(f"memory at the end: {crowd.memory()}")
        return report


class _Crowd:
    def __init__(self, testbed: Testbed, pairs: int) -> None:
        self._testbed = testbed
        self._pairs = pairs
        self._loads: list[LoadProcess] = []
        self._settings = {
            "CHAT_MAX_CONNECTIONS": "50000",
            "CHAT_MAX_UNAUTHENTICATED": str(CROWD_UNAUTHENTICATED),
            "CHAT_MAX_UNAUTHENTICATED_PER_ADDRESS": str(CROWD_UNAUTHENTICATED),
        }

    async def start(self, report: Report) -> None:
        """Starts RabbitMQ and the instances, and connects all clients."""
        testbed = self._testbed
        await testbed.start_broker()
        await testbed.start_instances(CROWD_INSTANCES, **self._settings)
        empty = testbed.resident()
        routes = await make_sessions(testbed.database_url, self._pairs, self._pairs, first_partner=0)
        pairs = testbed.users.pairs()
        for pair, route in zip(pairs, routes, strict=True):
            pair.session_id = route.session_id
        count = -(-2 * self._pairs // CONNECTIONS_A_PROCESS)
        start = perf_counter()
        self._loads = await asyncio.gather(
            *(
                testbed.start_load(
                    "bench.generators.resuming_load",
                    ResumePlan(
                        testbed.urls, pairs[number::count], routes[0].intent, source=f"127.0.0.{number + 2}", beats=True
                    ),
                    CONNECT_TIMEOUT,
                )
                for number in range(count)
            )
        )
        testbed.load, *testbed.other_loads = self._loads
        taken = perf_counter() - start
        each = (testbed.resident() - empty) / (2 * self._pairs)
        report.idle_bytes = each
        report.notes.append(
            f"{2 * self._pairs:,} clients connected and subscribed in {taken:.0f} s"
            f" ({2 * self._pairs / taken:,.0f}/s); memory: {self.memory()}"
        )

    async def phase(self, seconds: float) -> PhaseResult:
        """Runs a phase in which all generators together send `RATE` messages a second."""
        testbed = self._testbed
        phases = [ResumePhase(seconds, testbed.next_run(), RATE / len(self._loads), samples=True) for _ in self._loads]
        before = testbed.cpu()
        answers = await asyncio.gather(*(load.ask(phase) for load, phase in zip(self._loads, phases, strict=True)))
        cpu = {name: after - before[name] for name, after in testbed.cpu().items()}
        counts = [await count_in_store(testbed.database_url, phase.run) for phase in phases]
        store = StoreCounts(sum(count.stored for count in counts), counts[-1].holes, counts[-1].outbox_pending)
        not_back = sum(answer["not_whole"] for answer in answers)
        result = PhaseResult(merged_outcome(answers), store, cpu, not_back, sum(answer["strays"] for answer in answers))
        lost, tries, again = (
            sum(answer[name] for answer in answers)
            for name in ("times_lost", "failed_tries", "sent_again_after_refusal")
        )
        if lost or tries or again:
            result.notes.append(
                f"{lost:,} connections were lost and resumed, {tries:,} tries to connect failed meanwhile,"
                f" the last was whole {max(answer['whole_after'] for answer in answers):.1f} s after the phase began;"
                f" {again:,} sends were refused and sent again"
            )
        return result

    async def restart_one(self) -> str:
        """Restarts an instance. Returns a note that says how long it took."""
        await asyncio.sleep(RESTART_AFTER)
        port = next(iter(self._testbed.instances))
        start = perf_counter()
        await self._testbed.restart_instance(port, self._settings)
        return f"the instance was stopped and listened again after {perf_counter() - start:.1f} s"

    def memory(self) -> str:
        """A note with the memory of the instances and the load generators."""
        instances = [resident_bytes(process.pid) / _MIB for process in self._testbed.instances.values()]
        loads = sum(resident_bytes(load.process.pid) for load in self._loads) / _MIB
        return f"instances {' + '.join(f'{size:,.0f}' for size in instances)} MiB, load generators {loads:,.0f} MiB"
