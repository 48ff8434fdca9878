"""Shares file descriptors out before they can run out."""

import asyncio
import errno
import logging
import os
import resource
import sys

import msgspec

from application.concurrency.background import BackgroundTask
from application.diagnostics.outage import Outage
from entrypoints.settings.model import Settings

log = logging.getLogger(__name__)

WATCH_INTERVAL = 1.0
"""Seconds."""
_OURS = 64
"""Files for logs, the event loop, the broker, requests to FlairBit, and some to spare."""
_MIN_FOR_REQUESTS, _MAX_FOR_REQUESTS = 32, 2_048


def allow_many_files() -> None:
    """Raises the soft limit of open files to the hard limit, as each socket is a file."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def file_limit() -> int:
    """How many files this process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def within_limit(settings: Settings, limit: int) -> Settings:
    """The settings with no more connections than `limit` files have room for."""
    most = max(2, _for_clients(settings, limit) - _for_requests(settings, limit))
    if connections_wanted(settings) <= most:
        return settings
    unauthenticated = min(settings.max_unauthenticated, max(1, most // 4))
    return msgspec.structs.replace(
        settings,
        max_connections=min(settings.max_connections, most - unauthenticated),
        max_unauthenticated=unauthenticated,
    )


def connections_wanted(settings: Settings) -> int:
    """The connections of the settings: of users, and unauthenticated ones."""
    return settings.max_connections + settings.max_unauthenticated


def log_fewer_connections(settings: Settings, fitted: Settings) -> None:
    """Logs that there is room for fewer connections than `settings` say.

    A warning when the setting was not the default.
    """
    if fitted.max_connections == settings.max_connections:
        return
    is_default = settings.max_connections == Settings().max_connections
    log.log(
        logging.INFO if is_default else logging.WARNING,
        "CHAT_MAX_CONNECTIONS: at most %d instead of %d, as this process may have %d files open (ulimit -n)",
        fitted.max_connections,
        settings.max_connections,
        file_limit(),
    )


def accepted_at_once(settings: Settings, limit: int, wanted: int) -> int:
    """How many connections besides WebSockets a server may hold open: `wanted`, or as many as there is room for."""
    return min(wanted, max(1, _for_clients(settings, limit) - connections_wanted(settings)))


def _for_clients(settings: Settings, limit: int) -> int:
    databases = 2 if settings.database_replica_url else 1
    return limit - _OURS - databases * settings.database_pool_size


def _for_requests(settings: Settings, limit: int) -> int:
    return max(_MIN_FOR_REQUESTS, min(_MAX_FOR_REQUESTS, _for_clients(settings, limit) // 4))


class DescriptorWatch:
    """Logs when no file descriptor is left. Servers refuse connections silently then."""

    def __init__(self) -> None:
        self._outage = Outage("file descriptors")
        self._task = BackgroundTask("descriptor watch", self._run)

    def start(self) -> None:
        """Starts to watch. Call it once."""
        self._task.start()

    async def stop(self) -> None:
        """Stops to watch. Idempotent."""
        await self._task.stop()

    async def _run(self) -> None:
        while True:
            self._look()
            await asyncio.sleep(WATCH_INTERVAL)

    def _look(self) -> None:
        try:
            os.close(os.open(os.devnull, os.O_RDONLY))
        except OSError as error:
            if error.errno == errno.EMFILE:
                self._outage.begin("none is left for this process: new connections are refused (ulimit -n)")
            elif error.errno == errno.ENFILE:
                self._outage.begin("none is left on this machine: new connections are refused (fs.file-max)")
        else:
            self._outage.end()
