"""Samples the CPU time and memory of the testbed's processes while a phase runs."""

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import NamedTuple

from bench.testbed.testbed import Testbed

INTERVAL = 0.2


class Sample(NamedTuple):
    """The CPU seconds so far, and the resident bytes of the service, at a time of `perf_counter`."""

    at: float
    cpu: dict[str, float]
    resident: int


class Samples(list[Sample]):
    """Samples in the order of time."""

    def cores(self, process: str, begin: float, end: float) -> float:
        """How many cores `process` used on average between two times."""
        times = [sample.at for sample in self]
        first, last = (self[min(bisect_left(times, moment), len(self) - 1)] for moment in (begin, end))
        return (last.cpu[process] - first.cpu[process]) / (last.at - first.at) if last.at > first.at else 0.0


@asynccontextmanager
async def sampling(testbed: Testbed, interval: float = INTERVAL) -> AsyncIterator[Samples]:
    """Takes a sample every `interval` seconds, and one at the end."""
    samples = Samples()

    def take() -> None:
        samples.append(Sample(perf_counter(), testbed.cpu(), testbed.resident()))

    async def keep_taking() -> None:
        while True:
            take()
            await asyncio.sleep(interval)

    task = asyncio.create_task(keep_taking())
    try:
        yield samples
    finally:
        task.cancel()
        take()
