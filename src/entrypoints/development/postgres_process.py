"""The process of the embedded PostgreSQL: it ends together with ours, and one that was left behind is found."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from time import monotonic, sleep
from typing import IO

from entrypoints.development.postgres_failure import EmbeddedPostgresError
from entrypoints.development.postgres_user import BECOME, User

STOP_TIMEOUT = 30.0

# Asks the kernel for SIGINT, a fast shutdown, when the parent dies: after the change of user, which takes that away.
# Then it becomes the command, as the same process.
_TIE = """
parent = int(sys.argv[2])
if parent:
    ctypes.CDLL(None).prctl(1, signal.SIGINT)
if not parent or os.getppid() == parent:
    os.execv(sys.argv[3], sys.argv[3:])
"""


def english() -> dict[str, str]:
    """The environment for commands whose output we parse."""
    return os.environ | {"LC_ALL": "C"}


def as_owner(data: Path) -> list[str]:
    """The prefix of a command that runs as the owner of `data`, who is another user when we are root."""
    return _started(data, parent=0) if os.geteuid() == 0 else []


def tied(data: Path) -> list[str]:
    """Does what `as_owner` does. On Linux, the command is interrupted when the thread that starts it ends."""
    return _started(data, os.getpid()) if sys.platform == "linux" else as_owner(data)


def _started(data: Path, parent: int) -> list[str]:
    owner = data.stat()
    user = str(User(owner.st_uid, owner.st_gid)) if os.geteuid() == 0 else ""
    return [sys.executable, "-I", "-S", "-c", BECOME + _TIE, user, str(parent)]


def spawn(command: Sequence[str], data: Path, log: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Starts the server. On Linux, it shuts down when this process ends in any way."""
    answer: SimpleQueue[subprocess.Popen[bytes] | Exception] = SimpleQueue()

    def keep() -> None:
        try:
            process = subprocess.Popen(  # noqa: S603 - our own binary
                [*tied(data), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for this process, which then stops the server
                cwd="/",
                env=english(),
            )
        except Exception as error:
            answer.put(error)
            return
        answer.put(process)
        process.wait()

    # For the kernel the parent is a thread, so the server is started by one that lives as long as the process.
    Thread(target=keep, name="embedded postgres", daemon=True).start()
    process = answer.get()
    if isinstance(process, Exception):
        raise process
    return process


def take(home: Path) -> int:
    """Locks `home` for this process, until the file descriptor is closed. Raises `EmbeddedPostgresError`, OSError."""
    descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode()
        os.close(descriptor)
        raise EmbeddedPostgresError(f"PostgreSQL in {home} is in use by process {holder}") from None
    os.truncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor


def stop_leftover(data: Path) -> None:
    """Stops a server that was left behind in `data`. Raises `EmbeddedPostgresError`, OSError."""
    note = data / "postmaster.pid"
    try:
        pid = int(note.read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return
    for how in (signal.SIGINT, signal.SIGQUIT):
        if not _is_server(pid, data):
            break
        os.kill(pid, how)
        deadline = monotonic() + STOP_TIMEOUT
        while _is_server(pid, data) and monotonic() < deadline:
            sleep(0.02)
    if _is_server(pid, data):
        raise EmbeddedPostgresError(f"PostgreSQL in {data} runs as process {pid} and does not end")
    # After a crash the number may belong to another process, which PostgreSQL would take for itself.
    with suppress(PermissionError):  # root may lack some of its rights
        note.unlink(missing_ok=True)


def is_ready(pid: int, data: Path) -> bool:
    """Whether the server with this process id accepts connections. Another server may answer on its port."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"  # as pg_ctl does


def _is_server(pid: int, data: Path) -> bool:
    command = f"{_command(pid)} "
    return "postgres" in command and f" -D {data} " in command


def _command(pid: int) -> str:
    """The command line of a process. Empty when it has ended."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except (FileNotFoundError, ProcessLookupError):
            return ""
    ps = ["ps", "-o", "args=", "-p", str(pid)]
    return subprocess.run(ps, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - a number
