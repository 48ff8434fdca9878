"""Connections to PostgreSQL. Its failures become errors of the domain."""

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

from adapters.postgres.connection.address import address_of
from adapters.postgres.connection.condition import OPTION, Condition, condition_of
from adapters.postgres.connection.failures import FAILURES, Effect, failure_of
from domain.errors import StoreUnavailable

CONNECT_TIMEOUT = 2.0
LOCK_WAIT = 2.0
"""For how many seconds a statement waits for a lock."""
IDLE_WAIT = 2.0
"""How long a transaction may stand still, in timeouts of a statement. Its process may have been stopped."""

_CAUGHT: tuple[type[BaseException], ...] = (DBAPIError, asyncpg.LockNotAvailableError, *FAILURES)

_LOCK_WAIT_OPTION = "chat_lock_wait"

NO_WAIT = "(SELECT set_config('synchronous_commit', 'off', true)) = 'off'"
"""A condition that is always true. A lone statement with it does not wait for the disk: for marks that may be lost."""

LOCK_TIMEOUT = "(SELECT set_config('lock_timeout', '100ms', true)) <> ''"
"""A condition that is always true. The statement, and the rest of its transaction, waits 100 ms for a lock at most.
Then it raises `Locked`."""

DRIVER_ERRORS = (OSError, TimeoutError, DBAPIError, PoolTimeout, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a first connection may raise, before the service runs."""


class Locked(StoreUnavailable):
    """Another transaction held the lock for as long as the statement waited."""


def create_engine(
    url: str,
    *,
    pool_size: int = 10,
    timeout: float = 5.0,
    lock_wait: float = LOCK_WAIT,
    condition: Condition | None = None,
) -> AsyncEngine:
    """Makes an engine for a `postgresql://` URL, which may have the parameters of libpq (`sslmode`, several hosts …).

    `timeout` is for each statement and for the wait for one of the `pool_size` connections, `lock_wait` for the wait
    for a lock; both are in seconds. `condition` is told of failures. Raises ValueError for a URL that libpq refuses.
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
        execution_options={OPTION: condition or Condition("the database"), _LOCK_WAIT_OPTION: lock_wait},
    )
    event.listen(engine.sync_engine, "handle_error", _note_disconnect)
    event.listen(engine.sync_engine, "checkout", _replace_unusable)
    return engine


def lock_wait_of(engine: AsyncEngine) -> float:
    """For how many seconds a statement of `engine` waits for a lock."""
    seconds: float = engine.get_execution_options()[_LOCK_WAIT_OPTION]
    return seconds


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
    """Runs the block in one transaction.

    Raises `StoreUnavailable` when the database is away. The transaction may have been committed or not then.
    """
    async with _connected(engine) as (connection, _), connection.begin():
        yield connection


@asynccontextmanager
async def driver_transaction(engine: AsyncEngine) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """As `transaction`, on the asyncpg connection itself, which is faster. Raises `StoreUnavailable`."""
    async with driver_connection(engine) as driver, driver.transaction():
        yield driver


@asynccontextmanager
async def driver_connection(engine: AsyncEngine) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The asyncpg connection without a transaction. Each statement is its own, which saves two round trips.

    Raises `StoreUnavailable`.
    """
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
            condition_of(engine).locked(failure)
            raise Locked("what is asked for is locked by somebody else") from error
        raise StoreUnavailable(condition_of(engine).failed(failure)) from error
