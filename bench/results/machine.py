"""Measures how steady the machine is, by timing the same piece of work between the phases."""

import os
import platform
from pathlib import Path
from statistics import median
from time import perf_counter

_WORK = 300_000


class MachineNoise:
    """The times of the piece of work, and the CPU time that the host gave to others."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._first = _stolen_and_all()

    def measure(self) -> None:
        """Times the piece of work once, which takes some 10 ms."""
        start = perf_counter()
        sum(number * number for number in range(_WORK))
        self._times.append((perf_counter() - start) * 1000)

    def figures(self) -> dict[str, float | int]:
        """The times of the piece of work in milliseconds, and the share of CPU time that the host gave to others."""
        stolen, everything = (now - then for now, then in zip(_stolen_and_all(), self._first, strict=True))
        return {
            "measurements": len(self._times),
            "least_ms": round(min(self._times), 1),
            "median_ms": round(median(self._times), 1),
            "most_ms": round(max(self._times), 1),
            "stolen_share": round(stolen / everything, 4) if everything else 0.0,
        }


def machine_name() -> str:
    """The architecture, the cores and the version of Python."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _stolen_and_all() -> tuple[int, int]:
    try:
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except OSError:
        return 0, 0
    return fields[7], sum(fields)
