"""Reads CPU time and memory of processes from /proc."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def family(pid: int) -> list[int]:
    """The ids of a process and of its descendants."""
    members = [pid]
    for member in members:
        members.extend(int(child) for child in _read(f"/proc/{member}/task/{member}/children").split())
    return members


def cpu_seconds(pid: int) -> float:
    """The CPU seconds of a process and its descendants, including those that have ended."""
    total = 0
    for member in family(pid):
        fields = _read(f"/proc/{member}/stat").rpartition(")")[2].split()
        total += sum(map(int, fields[11:13] + (fields[13:15] if member == pid else []))) if fields else 0
    return total / _TICKS


def resident_bytes(pid: int) -> int:
    """The resident memory of a process and its descendants, in bytes. Counts shared pages for each process."""
    statistics = (_read(f"/proc/{member}/statm").split() for member in family(pid))
    return sum(int(fields[1]) * _PAGE for fields in statistics if fields)


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
