"""Ways of taking a running PostgreSQL away, each undone at the end of its block."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import asyncpg

from entrypoints.development.embedded_postgres import EmbeddedPostgres


@asynccontextmanager
async def killed(postgres: EmbeddedPostgres) -> AsyncIterator[None]:
    """As in a crash: nothing is written on the way out."""
    await asyncio.to_thread(postgres.stop, signal.SIGQUIT)
    yield
    await asyncio.to_thread(postgres.start)


@asynccontextmanager
async def frozen(postgres: EmbeddedPostgres) -> AsyncIterator[None]:
    """It is there, and does not answer."""
    processes = [postgres.pid, *_children(postgres.pid)]
    _signal(processes, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(processes, signal.SIGCONT)


@asynccontextmanager
async def read_only(postgres: EmbeddedPostgres) -> AsyncIterator[None]:
    """As a primary that is one no more."""
    await _execute(postgres.url, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
    try:
        yield
    finally:
        writable = "SET default_transaction_read_only = off"
        await _execute(
            postgres.url, writable, "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"
        )


OUTAGES: Mapping[str, Callable[[EmbeddedPostgres], AbstractAsyncContextManager[None]]] = {
    "killed": killed,
    "frozen": frozen,
    "read-only": read_only,
}


def _children(pid: int) -> list[int]:
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        parents[int(status.parent.name)] = int(fields[1])
    return [child for child, parent in parents.items() if parent == pid]


def _signal(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
