"""When the service is told to stop: by a signal, or by the end of the `make` that runs it."""

import asyncio
import os
import re
import signal
from pathlib import Path

SAME_SIGNAL = 1.0  # seconds
MAKE_POLL = 0.2  # seconds


def stop_signals(same: float = SAME_SIGNAL) -> asyncio.Event:
    """Set by SIGTERM or SIGINT; another one ends the process at once when it comes `same` seconds later or more."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    first = 0.0

    def stop() -> None:
        nonlocal first
        if not stopping.is_set():
            first = loop.time()
            stopping.set()
        elif loop.time() - first >= same:  # sooner it is the same, from the group's sender and passed on by make
            os._exit(1)

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    _stop_with_make(stopping)
    return stopping


def _stop_with_make(stopping: asyncio.Event) -> None:
    """GNU make passes on a SIGTERM, but not a SIGINT that it alone was sent: it waits for us, who know of nothing."""
    loop = asyncio.get_running_loop()
    parent = os.getppid()

    def look() -> None:
        if os.getppid() != parent or _is_ending(parent):
            stopping.set()
        elif not stopping.is_set():
            loop.call_later(MAKE_POLL, look)

    if re.search(r"^Name:\tg?make$", _status(parent), re.MULTILINE):
        look()


def _is_ending(make: int) -> bool:
    """Once interrupted, it has taken its handler away, to end by the same signal when we have ended."""
    caught_or_ignored = re.findall(r"^Sig(?:Cgt|Ign):\t(\w+)$", _status(make), re.MULTILINE)
    return not any(int(mask, 16) >> (signal.SIGINT - 1) & 1 for mask in caught_or_ignored)


def _status(pid: int) -> str:
    """What the kernel tells of a process; nothing where it does not (it has ended, or this is not Linux)."""
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""
