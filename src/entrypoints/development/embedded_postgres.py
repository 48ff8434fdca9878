"""An embedded PostgreSQL, from the binaries in the extra `embedded`: for development, tests and benchmarks."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic, sleep

from entrypoints.development.postgres_failure import EmbeddedPostgresError, PortTaken, failure
from entrypoints.development.postgres_place import place_for
from entrypoints.development.postgres_process import STOP_TIMEOUT, english, is_ready, spawn, stop_leftover, take, tied
from entrypoints.development.postgres_user import unprivileged_user

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]

START_TIMEOUT = 60.0
MAX_TRIES = 3
USER = "chat"

_MAKING = "data.new-"
_INITDB_OPTIONS = ("--username", USER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions")
_GROUP_MAY_READ = "--allow-group-access"  # so that a root without all its rights can read it, too
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "logging_collector": "off",
}


class EmbeddedPostgres:
    """A server with its data in `data_dir`. It listens on 127.0.0.1 only, with a password of its own."""

    def __init__(self, data_dir: Path, settings: dict[str, str] | None = None) -> None:
        self._wished = self._home = data_dir.resolve()
        self._user = unprivileged_user()
        self._settings = _SETTINGS | (settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._lock: int | None = None

    @property
    def _data(self) -> Path:
        return self._home / "data"

    @property
    def url(self) -> str:
        """The URL of the running server."""
        password = (self._home / "password").read_text().strip()
        return f"postgresql://{USER}:{password}@127.0.0.1:{self._port}/postgres"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None, "it is not running"
        return self._process.pid

    def start(self) -> str:
        """Starts the server. Returns the URL of its database, which keeps its port.

        Stops a server that an earlier process left behind in `data_dir`. Raises `EmbeddedPostgresError`.
        """
        assert self._process is None, "it is running already"
        try:
            self._home, binaries = place_for(self._wished, self._user)
            self._lock = take(self._home)
            stop_leftover(self._data)
            if not (self._data / "PG_VERSION").exists():
                self._make(binaries)
            self._run(binaries)
        except OSError as error:
            self.stop(signal.SIGQUIT)
            raise failure(str(error), self._home) from error
        except BaseException:
            self.stop(signal.SIGQUIT)
            raise
        return self.url

    def running_url(self) -> str | None:
        """The URL of the server that another process runs in `data_dir`. None without one."""
        try:
            self._home = place_for(self._wished, self._user).home
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            pid, port = int(lines[0]), int(lines[3])
        except (OSError, ValueError, IndexError):
            return None
        if not is_ready(pid, self._data) or not Path(f"/proc/{pid}").exists():
            return None
        self._port = port
        return self.url

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stops the server. SIGINT is a fast shutdown, SIGQUIT an immediate one, as after a crash. Idempotent."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(STOP_TIMEOUT)
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def _run(self, binaries: Path) -> None:
        if self._port:
            self._run_on(self._port, binaries)
            return
        for attempt in range(1, MAX_TRIES + 1):
            port = _free_port()
            try:
                self._run_on(port, binaries)
            except PortTaken:  # by a faster process
                if attempt == MAX_TRIES:
                    raise
            else:
                self._port = port
                return

    def _run_on(self, port: int, binaries: Path) -> None:
        options = [f"--{name}={value}" for name, value in (self._settings | {"port": str(port)}).items()]
        with (self._home / "postgres.log").open("ab") as log:
            start = log.tell()
            command = [str(binaries / "postgres"), "-D", str(self._data), *options]
            self._process = spawn(command, self._data, log)
        self._wait_ready(port, start)

    def _make(self, binaries: Path) -> None:
        for old in self._home.glob(f"{_MAKING}*"):
            shutil.rmtree(old, ignore_errors=True)  # its `initdb` may do the same now
        # in a folder of its own, which is renamed when it is complete: the process may be killed before
        making = Path(mkdtemp(prefix=_MAKING, dir=self._home))
        password = self._home / "password"
        password.unlink(missing_ok=True)  # left by a start that failed
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        options = list(_INITDB_OPTIONS)
        if self._user is not None:
            making.chmod(0o750)
            password.chmod(0o640)
            os.chown(making, *self._user)
            os.chown(password, *self._user)
            options.append(_GROUP_MAY_READ)
        command = [*tied(making), str(binaries / "initdb"), "-D", str(making), f"--pwfile={password}"]
        made = subprocess.run(  # noqa: S603 - our own binary
            [*command, *options], capture_output=True, text=True, check=False, cwd="/", env=english()
        )
        if made.returncode:
            raise failure(made.stderr, self._home)
        making.rename(self._data)

    def _wait_ready(self, port: int, log_start: int) -> None:
        assert self._process is not None, "it was just started"
        deadline = monotonic() + START_TIMEOUT
        while not is_ready(self._process.pid, self._data):
            if self._process.poll() is not None:
                self._process = None
                log_text = (self._home / "postgres.log").read_bytes()[log_start:]
                raise failure(log_text.decode(errors="replace"), self._home, port)
            if monotonic() > deadline:
                raise EmbeddedPostgresError(f"PostgreSQL was not ready within {START_TIMEOUT:.0f} s")
            sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
