"""Percentiles of a phase, as a whole and second by second."""

from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple


class Second(NamedTuple):
    """One second of a phase, by when its messages were to be sent; latencies in milliseconds."""

    second: int
    delivered: int
    p50: float
    p99: float


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of the `ordered` lie; 0 of none."""
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2) if ordered else 0.0


def seconds_of(begins: "array[float]", ends: "array[float]", start: float, width: int = 1) -> list[Second]:
    """The phase in steps of `width` seconds, those without a delivery left out."""
    latencies: defaultdict[int, list[float]] = defaultdict(list)
    for begin, end in zip(begins, ends, strict=True):
        if end:
            latencies[int((begin - start) // width) * width].append((end - begin) * 1000)
    return [
        Second(second, len(found), percentile(ordered := sorted(found), 0.5), percentile(ordered, 0.99))
        for second, found in sorted(latencies.items())
    ]
