"""Breaks the stage as a schedule says, and heals each fault after its time."""

import asyncio
import os
import signal
from collections.abc import Sequence
from random import Random
from time import monotonic
from typing import NamedTuple

from chaos.schedule import Fault, FaultKind, Part
from chaos.stage import Stage
from entrypoints.development.embedded_postgres import EmbeddedPostgresError
from lab.processes import family

QUIET = 2.0  # seconds in which nothing is broken, now and then
POSTGRES_TRIES = 100


class Inflicted(NamedTuple):
    """A fault that was there from `begun` to `healed`, in seconds from the start of the run."""

    kind: FaultKind
    target: int
    begun: float
    healed: float


class Faults:
    """`inflicted` are those that are over; `seed` is for choices that are made only when a fault is due."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._random = Random(seed)
        self._locks = {part: asyncio.Lock() for part in Part}
        self._tasks: list[asyncio.Task[None]] = []
        self.inflicted: list[Inflicted] = []

    async def run(self, schedule: Sequence[Fault]) -> None:
        """Raises what stands against healing; returns when everything is healed."""
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
        await self._stage.until_healthy()

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
        instance = self._stage.instances[fault.target]
        if fault.kind is FaultKind.FREEZE_INSTANCE:
            instance.freeze()
            await asyncio.sleep(fault.lasts)
            instance.thaw()
            return
        await (instance.kill() if fault.kind is FaultKind.KILL_INSTANCE else instance.stop())
        await asyncio.sleep(fault.lasts)
        await instance.start()

    async def _break_broker(self, fault: Fault) -> None:
        node = self._stage.nodes[fault.target]
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
            os.kill(self._random.choice(await self._stage.store.backends()), signal.SIGKILL)
            return
        if fault.kind is FaultKind.FREEZE_DATABASE:
            await self._freeze_database(fault.lasts)
            return
        how = signal.SIGKILL if fault.kind is FaultKind.KILL_DATABASE else signal.SIGINT
        await asyncio.to_thread(self._stage.postgres.stop, how)
        await asyncio.sleep(fault.lasts)
        await self._start_database()

    async def _freeze_database(self, seconds: float) -> None:
        processes = family(self._stage.postgres.pid)
        _signal(processes, signal.SIGSTOP)  # the one that starts the others first
        await asyncio.sleep(seconds)
        _signal(processes, signal.SIGCONT)

    async def _start_database(self) -> None:
        """Its old processes may outlive the one that was killed by a moment, and nothing starts beside them."""
        for _ in range(POSTGRES_TRIES):
            try:
                await asyncio.to_thread(self._stage.postgres.start)
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
