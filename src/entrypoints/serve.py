"""Runs the service from its start to its orderly end."""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import uvloop

from entrypoints.app import create_app
from entrypoints.container import Container
from entrypoints.credentials.digest_keys import warn_if_guessable
from entrypoints.development.embedded_postgres import EmbeddedPostgres
from entrypoints.development.exposure import tell_of_mirror, warn_if_exposed
from entrypoints.instance import Instance
from entrypoints.observability.logs import configure_logs
from entrypoints.server.descriptors import allow_many_files, file_limit, log_fewer_connections, within_limit
from entrypoints.server.serving import SERVER_STOP, check_address, create_server, listens
from entrypoints.server.stop_signals import stop_signals
from entrypoints.server.workers import supervise
from entrypoints.settings.model import Settings
from entrypoints.settings.types import Secret
from entrypoints.wiring import WorkerPlace


def serve(settings: Settings, announce: Callable[[], None] = lambda: None) -> None:
    """Serves until SIGTERM or SIGINT, with as many workers as the settings say.

    Calls `announce` when clients may connect.

    Raises `AddressTaken`, `EmbeddedPostgresError`, `SettingsError`, `SchemaOutdated`, and OSError or an error of the
    driver when the database cannot be reached.
    """
    configure_logs(settings)
    check_address(settings.host, settings.port)
    warn_if_exposed(settings)
    warn_if_guessable(settings)
    tell_of_mirror(settings)
    allow_many_files()
    with database(settings) as complete:
        if complete.workers > 1:
            supervise(complete, announce)
        else:
            uvloop.run(_serve(complete, None, announce))


def serve_worker(settings: Settings, directory: Path, index: int) -> None:
    """Serves as worker number `index`. The supervisor has checked the port and the database, and owns `directory`."""
    configure_logs(settings)
    allow_many_files()
    uvloop.run(_serve(settings, WorkerPlace(directory, index), lambda: None))


@contextlib.contextmanager
def database(settings: Settings, *, shared: bool = False) -> Iterator[Settings]:
    """A context that gives the settings with a database. Starts an embedded one when none is named, except in `prod`.

    With `shared`, uses the embedded database of a service that runs already, if there is one.
    """
    if settings.database_url or settings.profile == "prod":
        yield settings
        return
    postgres = EmbeddedPostgres(settings.data_dir / "postgres")
    if shared and (url := postgres.running_url()) is not None:
        yield msgspec.structs.replace(settings, database_url=Secret(url))
        return
    try:
        yield msgspec.structs.replace(settings, database_url=Secret(postgres.start()))
    finally:
        postgres.stop()


def _tune_garbage_collection() -> None:
    """Makes the garbage collector run less often.

    A message makes a hundred objects and hardly a cycle, so that the default costs a tenth of the CPU time. Connections
    leave cycles of a few KB each, and release their buffers when they end.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 5, 5)


async def _serve(requested: Settings, place: WorkerPlace | None, announce: Callable[[], None]) -> None:
    settings = within_limit(requested, file_limit())
    stopping = stop_signals()
    container = Container(settings=settings, worker_place=place)
    instance = Instance(container)
    server = create_server(*create_app(container), settings)
    await instance.start()
    log_fewer_connections(requested, settings)
    serving = asyncio.create_task(server.serve(), name="server")
    stop = asyncio.create_task(stopping.wait())
    listening = asyncio.create_task(listens(settings.host, settings.port))
    await asyncio.wait([serving, stop, listening], return_when=asyncio.FIRST_COMPLETED)
    if not (stop.done() or serving.done()):
        await instance.announce()
        _tune_garbage_collection()
        announce()
        await asyncio.wait([serving, stop], return_when=asyncio.FIRST_COMPLETED)
    listening.cancel()
    await instance.stop(max(settings.shutdown_seconds - 1.5 * SERVER_STOP, settings.shutdown_seconds / 2))
    server.stop()
    await asyncio.wait([serving], timeout=SERVER_STOP)
    if serving.done():
        serving.result()
