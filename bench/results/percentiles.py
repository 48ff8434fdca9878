"""Percentiles of latencies."""

from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple


class Second(NamedTuple):
    """The messages that were due in one second of a phase. Latencies are in milliseconds."""

    second: int
    delivered: int
    p50: float
    p99: float


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of the sorted values lie. 0 without values."""
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2) if ordered else 0.0


def seconds_of(begins: "array[float]", ends: "array[float]", start: float, width: int = 1) -> list[Second]:
    """Splits a phase into steps of `width` seconds. Leaves out steps without a delivery."""
    latencies: defaultdict[int, list[float]] = defaultdict(list)
    for begin, end in zip(begins, ends, strict=True):
        if end:
            latencies[int((begin - start) // width) * width].append((end - begin) * 1000)
    return [
        Second(second, len(found), percentile(ordered := sorted(found), 0.5), percentile(ordered, 0.99))
        for second, found in sorted(latencies.items())
    ]
