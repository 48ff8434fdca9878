"""The private folder in which the workers of one service find each other."""

import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

SECRET_BYTES = 32
_SECRET = "secret"  # noqa: S105 - a file's name
_SUFFIX = ".deliveries"


class NotPrivate(Exception):
    """Somebody else may enter the folder."""


class MeetingPlace:
    """`directory` belongs to this user, and nobody else may enter it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def prepare(self) -> None:
        """Makes the secret that the workers show each other; done once, before the first of them starts.

        Raises `NotPrivate`.
        """
        self._check()
        descriptor = os.open(self._directory / _SECRET, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))

    def secret(self) -> bytes:
        """Raises `NotPrivate`, and OSError when it was not prepared."""
        self._check()
        return (self._directory / _SECRET).read_bytes()

    def socket(self, worker: int) -> Path:
        """Where worker number `worker` listens for the deliveries of the others."""
        return self._directory / f"{worker}{_SUFFIX}"

    def others(self, worker: int) -> Iterator[int]:
        """The numbers of the other workers whose sockets are there; one may have died without removing it."""
        for path in sorted(self._directory.glob(f"*{_SUFFIX}")):
            if path.stem.isdecimal() and int(path.stem) != worker:
                yield int(path.stem)

    def _check(self) -> None:
        status = self._directory.stat()
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            raise NotPrivate(f"{self._directory} must belong to the service's user alone (mode 0700)")
