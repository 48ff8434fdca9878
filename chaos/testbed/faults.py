"""Breaks the testbed as a schedule says, and heals each fault after its time."""

import asyncio
import os
import signal
from collections.abc import Sequence
from random import Random
from time import monotonic
from typing import NamedTuple

from chaos.schedule import Fault, FaultKind, Part
from chaos.testbed.testbed import Testbed
from entrypoints.development.embedded_postgres import EmbeddedPostgresError
from lab.processes import family

QUIET = 2.0
"""Seconds without any fault, before every fifth one."""
POSTGRES_TRIES = 100


class Inflicted(NamedTuple):
    """A fault that lasted from `begun` to `healed`, in seconds after the start of the run."""

    kind: FaultKind
    target: int
    begun: float
    healed: float


class Faults:
    """Breaks and heals. `inflicted` are the faults that are over. `seed` decides what the schedule leaves open."""

    def __init__(self, testbed: Testbed, seed: int) -> None:
        self._testbed = testbed
        self._random = Random(seed)
        self._locks = {part: asyncio.Lock() for part in Part}
        self._tasks: list[asyncio.Task[None]] = []
        self.inflicted: list[Inflicted] = []

    async def run(self, schedule: Sequence[Fault]) -> None:
        """Breaks the testbed. Returns when all is healed. Raises the error of a server that cannot be started."""
        self._started = monotonic()
        try:
            for fault in schedule:
                await asyncio.sleep(max(0.0, self._started + fault.at - monotonic()))
                if fault.quiet:
                    await self._heal()
                    await asyncio.sleep(QUIET)
                self._tasks.append(asyncio.create_task(self._inflict(fault)))
        finally:
            await self._heal()

    async def _heal(self) -> None:
        tasks, self._tasks = self._tasks, []
        await asyncio.gather(*tasks)
        await self._testbed.until_healthy()

    async def _inflict(self, fault: Fault) -> None:
        async with self._locks[fault.kind.part]:
            begun = monotonic() - self._started
            await self._break(fault)
            self.inflicted.append(Inflicted(fault.kind, fault.target, begun, monotonic() - self._started))

    async def _break(self, fault: Fault) -> None:
        match fault.kind.part:
            case Part.INSTANCE:
                await self._break_instance(fault)
            case Part.BROKER:
                await self._break_broker(fault)
            case Part.DATABASE:
                await self._break_database(fault)

    async def _break_instance(self, fault: Fault) -> None:
        instance = self._testbed.instances[fault.target]
        if fault.kind is FaultKind.FREEZE_INSTANCE:
            instance.freeze()
            await asyncio.sleep(fault.lasts)
            instance.thaw()
            return
        await (instance.kill() if fault.kind is FaultKind.KILL_INSTANCE else instance.stop())
        await asyncio.sleep(fault.lasts)
        await instance.start()

    async def _break_broker(self, fault: Fault) -> None:
        node = self._testbed.nodes[fault.target]
        if fault.kind is FaultKind.FREEZE_BROKER:
            node.freeze()
            await asyncio.sleep(fault.lasts)
            node.thaw()
            return
        await asyncio.to_thread(node.kill if fault.kind is FaultKind.KILL_BROKER else node.stop)
        await asyncio.sleep(fault.lasts)
        await asyncio.to_thread(node.start)

    async def _break_database(self, fault: Fault) -> None:
        if fault.kind is FaultKind.CRASH_BACKEND:
            os.kill(self._random.choice(await self._testbed.store.backends()), signal.SIGKILL)
            return
        if fault.kind is FaultKind.FREEZE_DATABASE:
            await self._freeze_database(fault.lasts)
            return
        how = signal.SIGKILL if fault.kind is FaultKind.KILL_DATABASE else signal.SIGINT
        await asyncio.to_thread(self._testbed.postgres.stop, how)
        await asyncio.sleep(fault.lasts)
        await self._start_database()

    async def _freeze_database(self, seconds: float) -> None:
        processes = family(self._testbed.postgres.pid)
        _signal(processes, signal.SIGSTOP)  # first the process that starts the others
        await asyncio.sleep(seconds)
        _signal(processes, signal.SIGCONT)

    async def _start_database(self) -> None:
        """Starts PostgreSQL. Tries again while processes of the killed one still run."""
        for _ in range(POSTGRES_TRIES):
            try:
                await asyncio.to_thread(self._testbed.postgres.start)
            except EmbeddedPostgresError:
                await asyncio.sleep(0.2)
            else:
                return
        raise RuntimeError("PostgreSQL does not start again")


def _signal(processes: Sequence[int], number: signal.Signals) -> None:
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue
