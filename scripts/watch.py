"""Runs a command, and restarts it when a file changes: `watch.py PATH… -- COMMAND…`.

Ends with the command's exit code after Ctrl-C or SIGTERM. A command that failed runs again at the next change.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep

PERIOD = 0.3
STOP_TIMEOUT = 40.0


def state_of(paths: Sequence[Path]) -> Mapping[str, int]:
    """The time of the last change of each file below the paths, in nanoseconds."""
    found = {}
    for path in paths:
        for folder, folders, names in os.walk(path):
            folders[:] = [name for name in folders if name != "__pycache__" and not name.startswith(".")]
            for name in names:
                file = Path(folder, name)
                if file.exists() and not name.startswith("."):
                    found[str(file)] = file.stat().st_mtime_ns
    return found


class Watch:
    """Restarts `command` when a file below `paths` changes."""

    def __init__(self, paths: Sequence[Path], command: Sequence[str]) -> None:
        self._paths = paths
        self._command = command
        self._stopped = False

    def run(self) -> int:
        """Runs until `stop`. Returns the exit code of the command."""
        while True:
            before = state_of(self._paths)
            process = subprocess.Popen(self._command)  # noqa: S603 - the Makefile's
            while not self._stopped and state_of(self._paths) == before:
                sleep(PERIOD)
            code = _end(process)
            if self._stopped:
                return code
            sys.stderr.write("\nA file has changed: starting again.\n")

    def stop(self, *_: object) -> None:
        """Ends `run`. A signal handler."""
        self._stopped = True


def _end(process: "subprocess.Popen[bytes]") -> int:
    if process.poll() is None:
        process.terminate()
    deadline = monotonic() + STOP_TIMEOUT
    while process.poll() is None and monotonic() < deadline:
        sleep(0.05)
    process.kill()
    return process.wait()


def main(arguments: Sequence[str]) -> int:
    """Runs the command until SIGINT or SIGTERM. Returns its exit code."""
    split = arguments.index("--")
    watch = Watch([Path(path) for path in arguments[:split]], arguments[split + 1 :])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, watch.stop)
    return watch.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
