"""Transactions that lock rows which somebody else may hold: few connections wait for locks, the others serve everybody.

An administrator's transaction may hold a row for minutes, and one user may ask for changes of it all the time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from typing import Final, TypeVar
from weakref import WeakValueDictionary

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import Locked, driver_transaction, lock_wait_of

MAX_WAITING: Final = 2
"""The most connections of an engine that wait for a lock which was held for longer than one wait."""

Result = TypeVar("Result")
Work = Callable[["asyncpg.Connection[asyncpg.Record]"], Awaitable[Result]]

_WAIT = "SET LOCAL lock_timeout = '100ms'"


class LockTurns:
    """Runs transactions on `engine`: those that lock the same one after the other, and the others beside them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._patience = lock_wait_of(engine)
        self._may_wait = asyncio.Semaphore(MAX_WAITING)
        self._of: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    async def run(self, locked: Hashable, work: "Work[Result]") -> Result:
        """Runs `work` in a transaction, again when it has waited in vain. `locked` names what it locks.

        Raises `Locked` when it was not free for `patience` seconds, and what `work` raises. Nothing is interrupted
        while the database works on it, so that its outcome is certain.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        lock = self._of.setdefault(locked, asyncio.Lock())
        try:
            async with asyncio.timeout_at(deadline):
                await lock.acquire()
        except TimeoutError:
            raise Locked("what is asked for is locked by somebody else") from None
        try:
            with suppress(Locked):
                return await self._try(work)
            while True:
                async with self._may_wait:
                    try:
                        return await self._try(work)
                    except Locked:
                        if loop.time() > deadline:
                            raise
        finally:
            lock.release()

    async def _try(self, work: "Work[Result]") -> Result:
        async with driver_transaction(self._engine) as connection:
            await connection.execute(_WAIT)
            return await work(connection)
