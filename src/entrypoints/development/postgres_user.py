"""The user that runs PostgreSQL when we are root, as PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from entrypoints.development.postgres_failure import EmbeddedPostgresError

NOBODY = 65534
_PASSWD = Path("/etc/passwd")

# Gives up root for the ids in the first argument. Where it can, it keeps the capability to pass folders that only root
# may enter, for the command that follows as well. Needs no tool of the machine, and no import after the change.
BECOME = """
import ctypes, os, signal, sys
if sys.argv[1]:
    uid, gid = map(int, sys.argv[1].split(":"))
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    try:
        if libc:
            libc.prctl(8, 1, 0, 0, 0)  # PR_SET_KEEPCAPS
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    except PermissionError:
        sys.exit("error: PostgreSQL does not run as root, and this process may not become another user")
    if libc:
        pass_folders = 1 << 1  # CAP_DAC_OVERRIDE, as effective, permitted and inheritable
        version, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(*[pass_folders] * 3, 0, 0, 0)
        if libc.capset(version, sets) == 0:
            libc.prctl(47, 2, 1, 0, 0)  # PR_CAP_AMBIENT_RAISE
"""
_LOOK = """
for path in sys.argv[2:]:
    os.stat(os.path.join(path, "."))
"""
# As `initdb` asks before it starts a program: access() knows nothing of a capability that another user's process has.
_ACCESS = """
sys.exit(not all(os.access(path, os.X_OK) for path in sys.argv[2:]))
"""


class User(NamedTuple):
    """A user with our group: so we can read what the group may read."""

    uid: int
    gid: int

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid}"


def unprivileged_user() -> User | None:
    """The user. None when we are not root.

    Makes one when the machine has no user but root, since `initdb` needs a name.

    Raises `EmbeddedPostgresError`.
    """
    if os.geteuid() != 0:
        return None
    others = sorted(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0)
    if NOBODY not in others:
        if others:
            return User(others[-1], os.getegid())
        _make_nobody()
    return User(NOBODY, os.getegid())


def _make_nobody() -> None:
    try:
        with _PASSWD.open("a") as file:
            file.write(f"nobody:x:{NOBODY}:{NOBODY}:nobody:/nonexistent:/usr/sbin/nologin\n")
    except OSError as error:
        raise EmbeddedPostgresError(
            f"PostgreSQL does not run as root, there is no other user, and {_PASSWD} is not writable: {error.strerror}"
        ) from None


def reaches(user: User, *folders: Path) -> bool:
    """Whether the user can enter all folders, also by the capability that it keeps."""
    return _succeeds(user, _LOOK, folders)


def may_start(user: User, program: Path) -> bool:
    """Whether the user may start a program by its own rights alone, as the programs of PostgreSQL check."""
    return _succeeds(user, _ACCESS, [program])


def _succeeds(user: User, look: str, paths: Sequence[Path]) -> bool:
    command = [sys.executable, "-I", "-S", "-c", BECOME + look, str(user), *map(str, paths)]
    return subprocess.run(command, capture_output=True, check=False, cwd="/").returncode == 0  # noqa: S603 - our own
