"""Runs several worker processes on one port. Each is an instance of its own.

They reach each other's clients over RabbitMQ, or without it over Unix sockets in a private folder.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from adapters.unix_sockets.worker_directory import WorkerDirectory
from entrypoints.settings.failures import Failure
from entrypoints.settings.model import MEMORY, Settings, SettingsError, setting_name

POLL = 0.1
START_TIMEOUT = 60.0
RESTART_DELAY = 1.0
"""Seconds between two starts of a worker that dies."""
_PR_SET_PDEATHSIG = 1


def supervise(settings: Settings, announce: Callable[[], None]) -> None:
    """Runs the workers until SIGTERM or SIGINT, and restarts those that die.

    Raises `SettingsError` without a shared database, `Failure` when the first start fails.
    """
    if settings.database_url == MEMORY:
        raise SettingsError(f"CHAT_WORKERS: with CHAT_DATABASE_URL={MEMORY} each worker would have messages of its own")
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with TemporaryDirectory(prefix="chat-workers-") as directory:  # only this user may enter it
        WorkerDirectory(Path(directory)).prepare()
        workers = [_Worker(settings, Path(directory), index) for index in range(settings.workers)]
        try:
            for worker in workers:
                worker.start()
            _await_ready(workers, lambda: stopping)
            announce()
            while not stopping:
                for worker in workers:
                    worker.revive()
                sleep(POLL)
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.join(settings.shutdown_seconds + RESTART_DELAY)


class _Worker:
    def __init__(self, settings: Settings, directory: Path, index: int) -> None:
        self._settings = settings
        self._directory = directory
        self._index = index
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    @property
    def is_ready(self) -> bool:
        return (self._directory / f"{self._index}.sock").exists()

    @property
    def has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        shared = ("profile", "host", "port", "server", "data_dir")
        settings = {name: str(getattr(self._settings, name)) for name in shared} | {
            "database_url": str(self._settings.database_url),
            "workers": "1",
        }
        environment = {setting_name(name): value for name, value in settings.items()}
        place = ["--worker", str(self._index), str(self._directory), str(os.getpid())]
        self._started = monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "entrypoints.cli.main", "serve", *place],
            env=os.environ | environment,
        )

    def revive(self) -> None:
        if self.has_ended and monotonic() - self._started > RESTART_DELAY:
            self.start()

    def terminate(self) -> None:
        if self._process is not None and not self.has_ended:
            self._process.terminate()

    def join(self, timeout: float) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _await_ready(workers: list[_Worker], stopping: Callable[[], bool]) -> None:
    deadline = monotonic() + START_TIMEOUT
    while not all(worker.is_ready for worker in workers) and not stopping():
        if any(worker.has_ended for worker in workers):
            raise Failure("a worker did not start")
        if monotonic() > deadline:
            raise Failure(f"the workers were not ready within {START_TIMEOUT:.0f} s")
        sleep(POLL)


def end_with(supervisor: int) -> None:
    """Asks the kernel for SIGTERM to this worker when its supervisor dies. Linux only."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:
        os.kill(os.getpid(), signal.SIGTERM)
