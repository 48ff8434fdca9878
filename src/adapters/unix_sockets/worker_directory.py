"""The private directory in which the workers of one service find each other's sockets."""

import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

SECRET_BYTES = 32
_SECRET = "secret"  # noqa: S105 - a file's name
_SUFFIX = ".deliveries"


class NotPrivate(Exception):
    """Another user may enter the directory."""


class WorkerDirectory:
    """Sockets and the shared secret in `path`, which must belong to this user and be closed to everybody else."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def prepare(self) -> None:
        """Writes the secret by which workers recognize each other. Call it once, before the first worker starts.

        Raises `NotPrivate`, and OSError when the secret exists or cannot be written.
        """
        self._check()
        descriptor = os.open(self._path / _SECRET, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))

    def secret(self) -> bytes:
        """The secret. Raises `NotPrivate`, and OSError when `prepare` was not called."""
        self._check()
        return (self._path / _SECRET).read_bytes()

    def socket(self, worker: int) -> Path:
        """The path of the socket on which worker number `worker` listens for deliveries."""
        return self._path / f"{worker}{_SUFFIX}"

    def others(self, worker: int) -> Iterator[int]:
        """The numbers of the other workers that have a socket. A worker that died may have left its socket."""
        for path in sorted(self._path.glob(f"*{_SUFFIX}")):
            if path.stem.isdecimal() and int(path.stem) != worker:
                yield int(path.stem)

    def _check(self) -> None:
        status = self._path.stat()
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            raise NotPrivate(f"{self._path} must belong to the service's user alone (mode 0700)")
