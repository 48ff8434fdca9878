"""Explains why a database cannot be reached: names the setting and the address, and never the password."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from entrypoints.settings.failures import Failure

DEFAULT_PORT = 5432


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """A context around a connection to `url`. Raises `Failure` when it cannot be made."""
    try:
        yield
    except TimeoutError:
        raise Failure(f"CHAT_DATABASE_URL: {_address(url)} does not answer") from None
    except OSError as error:
        raise Failure(f"CHAT_DATABASE_URL: {_address(url)} cannot be reached: {_reason(error)}") from None


def _address(url: str) -> str:
    """Host and port of each server. Without a host, asyncpg uses a local socket."""
    hosts = urlsplit(url).netloc.rpartition("@")[2]
    return ", ".join(_with_port(host) for host in hosts.split(",")) if hosts else "its local socket"


def _with_port(host: str) -> str:
    has_port = ":" in host.rpartition("]")[2] if host.startswith("[") else ":" in host
    return host if has_port else f"{host}:{DEFAULT_PORT}"


def _reason(error: OSError) -> str:
    """The reason in words of the system. For a host with several addresses, asyncio joins several reasons."""
    if isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error):
        return "connection refused"
    return error.strerror or str(error)
