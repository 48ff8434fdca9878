"""Runs one instance from its start to its orderly end."""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import uvloop

from adapters.unix_sockets.meeting_place import MeetingPlace
from entrypoints.app import create_app
from entrypoints.container import Container
from entrypoints.development.embedded_postgres import EmbeddedPostgres
from entrypoints.development.exposure import warn_if_exposed
from entrypoints.instance import Instance
from entrypoints.observability.logs import configure_logs
from entrypoints.observability.worker_metrics import NoSiblings, Siblings, WorkerSiblings
from entrypoints.server.descriptors import allow_many_files, file_limit, tell_fewer, within_limit
from entrypoints.server.serving import SERVER_STOP, check_address, create_server, listens
from entrypoints.server.stop_signals import stop_signals
from entrypoints.server.workers import supervise
from entrypoints.settings.model import Settings
from entrypoints.settings.types import Secret
from entrypoints.wiring import WorkerPlace


def serve(settings: Settings, announce: Callable[[], None] = lambda: None) -> None:
    """Serves until SIGTERM or SIGINT, with as many workers as the settings say; `announce` when clients may come.

    Raises `AddressTaken`, `EmbeddedPostgresError`, `SettingsError`, `SchemaOutdated`, and OSError or the driver's
    errors when the database cannot be reached at the start.
    """
    configure_logs(settings)
    check_address(settings.host, settings.port)
    warn_if_exposed(settings)
    allow_many_files()
    with database(settings) as complete:
        if complete.workers > 1:
            supervise(complete, announce)
        else:
            uvloop.run(_serve(complete, NoSiblings(), None, announce))


def serve_worker(settings: Settings, directory: Path, index: int) -> None:
    """One of several workers, which meet in `directory`; its supervisor has seen to the port and the database."""
    configure_logs(settings)
    allow_many_files()
    place = WorkerPlace(MeetingPlace(directory), index)
    uvloop.run(_serve(settings, WorkerSiblings(directory, index), place, lambda: None))


@contextlib.contextmanager
def database(settings: Settings, *, shared: bool = False) -> Iterator[Settings]:
    """The settings with a database: outside `prod` an embedded one, for as long as this lasts, when none is named.

    With `shared`, that of a service that runs already, if one does: for commands beside it.
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


def _calm_the_collector() -> None:
    """A message makes a hundred objects and hardly a cycle: the default of looking at every 700th costs a tenth.

    Connections leave cycles of a few KB each, whose buffers are let go of at their end.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 5, 5)


async def _serve(wished: Settings, siblings: Siblings, place: WorkerPlace | None, announce: Callable[[], None]) -> None:
    settings = within_limit(wished, file_limit())
    stopping = stop_signals()
    container = Container(settings=settings)
    container.siblings.override(siblings)
    container.worker_place.override(place)
    instance = Instance(container)
    server = create_server(*create_app(container, instance.health), settings)
    await instance.start()
    tell_fewer(wished, settings)
    serving = asyncio.create_task(server.serve(), name="server")
    stop = asyncio.create_task(stopping.wait())
    listening = asyncio.create_task(listens(settings.host, settings.port))
    await asyncio.wait([serving, stop, listening], return_when=asyncio.FIRST_COMPLETED)
    if not (stop.done() or serving.done()):
        await siblings.start(container.metrics().text)
        _calm_the_collector()
        announce()
        await asyncio.wait([serving, stop], return_when=asyncio.FIRST_COMPLETED)
    listening.cancel()
    await siblings.stop()
    await instance.stop(max(settings.shutdown_seconds - 1.5 * SERVER_STOP, settings.shutdown_seconds / 2))
    server.stop()
    await asyncio.wait([serving], timeout=SERVER_STOP)
    if serving.done():
        serving.result()
