"""Explains in one line why the embedded PostgreSQL failed."""

from pathlib import Path

_CAUSES = {
    "no space is left for PostgreSQL in {home}": ("No space left on device", "Disk quota exceeded"),
    "port {port} on 127.0.0.1, where PostgreSQL was to listen, is taken": ("Address already in use",),
    "PostgreSQL may not write in {home}": ("Permission denied", "Operation not permitted", "Read-only file system"),
    "a file is in the way of PostgreSQL's folder {home}": ("File exists", "Not a directory", "Directory not empty"),
}


class EmbeddedPostgresError(Exception):
    """PostgreSQL did not start. The text is one line for the user."""


class PortTaken(EmbeddedPostgresError):
    """Another process listens on the port of PostgreSQL."""


def failure(log: str, home: Path, port: int = 0) -> EmbeddedPostgresError:
    """The error for a message of the system, of `initdb` or of the server log."""
    for cause, signs in _CAUSES.items():
        if any(sign in log for sign in signs):
            kind = PortTaken if "{port}" in cause else EmbeddedPostgresError
            return kind(cause.format(home=home, port=port))
    lines = [line for line in log.splitlines() if line.strip()] or ["it did not say why"]
    telling = [line for line in lines if "FATAL:" in line or "error:" in line] or lines
    return EmbeddedPostgresError(f"PostgreSQL in {home} did not start: {telling[-1].strip()}")
