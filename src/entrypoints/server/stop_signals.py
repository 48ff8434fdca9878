"""Tells when the service shall stop: at a signal, or when the `make` that runs it ends."""

import asyncio
import os
import re
import signal
from pathlib import Path

SAME_SIGNAL = 1.0
"""Seconds within which two signals count as one."""
MAKE_POLL = 0.2
"""Seconds."""


def stop_signals(same: float = SAME_SIGNAL) -> asyncio.Event:
    """An event that SIGTERM or SIGINT sets.

    Another signal ends the process at once, when it comes `same` seconds later or more.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    first = 0.0

    def stop() -> None:
        nonlocal first
        if not stopping.is_set():
            first = loop.time()
            stopping.set()
        elif (
            loop.time() - first >= same
        ):  # sooner it is the same signal, sent to the process group and passed on by make
            os._exit(1)

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    _stop_with_make(stopping)
    return stopping


def _stop_with_make(stopping: asyncio.Event) -> None:
    """Stops when make ends. GNU make passes SIGTERM on, but not a SIGINT that only make got: then make waits for us."""
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
    """Whether make was interrupted: then it has removed its signal handler."""
    caught_or_ignored = re.findall(r"^Sig(?:Cgt|Ign):\t(\w+)$", _status(make), re.MULTILINE)
    return not any(int(mask, 16) >> (signal.SIGINT - 1) & 1 for mask in caught_or_ignored)


def _status(pid: int) -> str:
    """The status of a process in /proc. Empty when it has ended, or without Linux."""
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""
