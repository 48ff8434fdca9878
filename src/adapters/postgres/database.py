"""Connections to PostgreSQL, and its failures in the domain's terms."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from adapters.postgres.address import address_of
from adapters.postgres.condition import OPTION, Condition, condition_of
from adapters.postgres.failures import FAILURES, Effect, failure_of
from domain.errors import StoreUnavailable

CONNECT_TIMEOUT = 2.0
LOCK_WAIT = 2.0
"""Seconds that a statement waits for a lock."""
IDLE_WAIT = 2.0
"""Times the timeout of a statement that a transaction may stand still, as when its process is stopped."""

_CAUGHT: tuple[type[BaseException], ...] = (DBAPIError, asyncpg.LockNotAvailableError, *FAILURES)

NO_WAIT = "(SELECT set_config('synchronous_commit', 'off', true)) = 'off'"
"""A condition that is true, by which a lone statement does not wait for the disk: for marks whose loss is harmless."""

LOCK_TIMEOUT = "(SELECT set_config('lock_timeout', '100ms', true)) <> ''"
"""A condition that is true, by which a statement waits for a lock a moment only, and so does the rest of its
transaction: `Locked`."""

DRIVER_ERRORS = (OSError, TimeoutError, DBAPIError, PoolTimeout, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What may come of a first connection, before there is a service that could do without for a while."""


class Locked(StoreUnavailable):
    """Somebody else holds the lock that the statement waited for."""


def create_engine(
    url: str,
    *,
    pool_size: int = 10,
    timeout: float = 5.0,
    lock_wait: float = LOCK_WAIT,
    condition: Condition | None = None,
) -> AsyncEngine:
    """An engine for `postgresql://…`, with the parameters that libpq knows (`sslmode`, several hosts and so on).

    `timeout` bounds each statement and the wait for a connection, and `lock_wait` the wait for a lock, in seconds;
    `condition` is told of failures.
    """
    address = address_of(url)
    engine = create_async_engine(
        "postgresql+asyncpg://",
        # by the driver, as SQLAlchemy would hand it libpq's parameters under names that it does not know
        async_creator=partial(
            asyncpg.connect,
            address.url,
            timeout=address.connect_timeout or CONNECT_TIMEOUT,
            command_timeout=timeout,
            # A generic plan, made while a table was empty, goes on to scan it when it is not. And no statement here is
            # long enough to be worth compiling, or starting processes for.
            server_settings={
                "plan_cache_mode": "force_custom_plan",
                "jit": "off",
                "max_parallel_workers_per_gather": "0",
                "lock_timeout": f"{lock_wait * 1000:.0f}",
                "idle_in_transaction_session_timeout": f"{timeout * IDLE_WAIT * 1000:.0f}",
            },
        ),
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,  # errors are logged
        pool_timeout=timeout,
        execution_options={OPTION: condition or Condition("the database")},
    )
    event.listen(engine.sync_engine, "handle_error", _note_disconnect)
    event.listen(engine.sync_engine, "checkout", _replace_unusable)
    return engine


def _replace_unusable(connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: PoolProxiedConnection) -> None:
    """Before anything is sent on a connection that the server has closed meanwhile, the pool makes another.

    So it does for one that somebody left within a transaction: what follows would only seem to be committed.
    """
    driver: asyncpg.Connection[asyncpg.Record] | None = record.driver_connection
    if driver is None or driver.is_closed() or driver.is_in_transaction():
        raise DisconnectionError


def _note_disconnect(context: Any) -> None:
    """Connections of a server that has gone are given up together, not found dead one by one."""
    failure = failure_of(context.original_exception)
    if failure is not None and failure.effect is not Effect.LOCKED:
        context.is_disconnect = True


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction. Raises `StoreUnavailable` when the database is away; then nothing of it may be relied upon."""
    async with _connected(engine) as (connection, _), connection.begin():
        yield connection


@asynccontextmanager
async def driver_transaction(engine: AsyncEngine) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """As `transaction`, on the bare asyncpg connection: for the few statements on the way of a message."""
    async with driver_connection(engine) as driver, driver.transaction():
        yield driver


@asynccontextmanager
async def driver_connection(engine: AsyncEngine) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The bare connection, for a lone statement: it is its own transaction, without two more round trips for it."""
    async with _connected(engine) as (_, driver):
        yield driver


@asynccontextmanager
async def _connected(
    engine: AsyncEngine,
) -> AsyncIterator[tuple[AsyncConnection, "asyncpg.Connection[asyncpg.Record]"]]:
    try:
        async with engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: asyncpg.Connection[asyncpg.Record] = raw.driver_connection
            try:
                yield connection, driver
            except FAILURES:
                await connection.invalidate()
                raise
            except asyncio.CancelledError:
                # A BEGIN or a ROLLBACK that was interrupted leaves a transaction open, and those of the next user would
                # be savepoints in it, which nobody commits. Without an await, as a second cancel may be on its way.
                driver.terminate()
                raise
    except _CAUGHT as error:
        failure = failure_of(error)
        if failure is None:
            raise
        if failure.effect is Effect.LOCKED:
            raise Locked("what is asked for is locked by somebody else") from error
        raise StoreUnavailable(condition_of(engine).failed(failure)) from error
