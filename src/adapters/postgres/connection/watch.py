"""Watches a database: notices the begin and the end of an outage, also without traffic."""

import asyncio
from contextlib import suppress

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.condition import condition_of
from adapters.postgres.connection.database import driver_connection, driver_transaction
from adapters.postgres.connection.failures import Effect
from application.concurrency.background import BackgroundTask
from domain.errors import Unavailable

INTERVAL = 1.0  # seconds

# More than may be free in pages that are there already, so that the disk has to give room.
_WRITES = (
    """
    INSERT INTO chat_messages (id, session_id, seq, sender_profile_id, content, client_msg_id)
    SELECT gen_random_uuid(), gen_random_uuid(), 1, gen_random_uuid(), repeat('x', 1500), gen_random_uuid()
    FROM generate_series(1, 64)
    """,
    """
    INSERT INTO chat_message_outbox (destination, payload, next_retry_at)
    SELECT '', to_jsonb(repeat('x', 1500)), 'infinity' FROM generate_series(1, 64)
    """,
)


class _Undo(Exception):
    """Ends a transaction that was a trial."""


class DatabaseWatch:
    """Asks the database every second. `writable` says whether it must take writes; a replica need not."""

    def __init__(self, engine: AsyncEngine, *, writable: bool) -> None:
        self._engine = engine
        self._writable = writable
        self._task = BackgroundTask("database watch", self._run)

    def start(self) -> None:
        """Begins to ask, in the background."""
        self._task.start()

    async def stop(self) -> None:
        """Stops asking."""
        await self._task.stop()

    async def check(self) -> None:
        """Asks once. Raises `Unavailable` while the database does not do what it should."""
        condition = condition_of(self._engine)
        failures = condition.failures
        await self._ask()
        if condition.failure is not None and condition.failure.effect in (Effect.UNWRITABLE, Effect.REFUSED):
            await self._try_to_write()
        if condition.failures == failures:  # nobody else has failed meanwhile
            condition.works()

    async def _run(self) -> None:
        while True:
            with suppress(Unavailable):  # the condition has it, and the log
                await self.check()
            await asyncio.sleep(INTERVAL)

    async def _ask(self) -> None:
        async with driver_connection(self._engine) as driver:
            read_only = await driver.fetchval("SELECT current_setting('transaction_read_only')")
            if self._writable and read_only == "on":
                await driver.execute("DELETE FROM chat_message_outbox WHERE false")  # raises what any write does now

    async def _try_to_write(self) -> None:
        """Writes rows and rolls them back, so that nobody sees them."""
        if not self._writable:
            return
        with suppress(_Undo):
            async with driver_transaction(self._engine) as driver:
                for statement in _WRITES:
                    await driver.execute(statement)
                raise _Undo
