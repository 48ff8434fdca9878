"""The schema in hash partitions by bucket, as an engine of many databases would have it."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import driver_connection, driver_transaction
from adapters.postgres.schema.user_sessions import TRIGGERS

PARTITIONS = 8

_KEYS = {
    "chat_sessions": ("PRIMARY KEY (bucket, id)", "UNIQUE (bucket, sender_profile_id, receiver_profile_id, intent)"),
    "chat_messages": (
        "PRIMARY KEY (bucket, id)",
        "UNIQUE (bucket, session_id, seq)",
        "UNIQUE (bucket, session_id, client_msg_id)",
    ),
    "chat_message_outbox": ("PRIMARY KEY (bucket, id)",),
}
_PARTITION = re.compile(r"chat_\w+_in_(\d)$")

Statement = tuple[str, Sequence[Any]]


async def partition(engine: AsyncEngine) -> None:
    """Replaces the tables of an empty database by ones in 8 partitions, with the bucket in every key."""
    async with driver_transaction(engine) as connection:
        for table, keys in _KEYS.items():
            await connection.execute(f"ALTER TABLE {table} RENAME TO whole")
            columns = ", ".join(("LIKE whole INCLUDING DEFAULTS", *keys))
            await connection.execute(f"CREATE TABLE {table} ({columns}) PARTITION BY HASH (bucket)")
            for number in range(PARTITIONS):
                await connection.execute(
                    f"CREATE TABLE {table}_in_{number} PARTITION OF {table} "
                    f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {number})"
                )
            await connection.execute("DROP TABLE whole")
        for trigger in TRIGGERS:
            await connection.execute(trigger)


@asynccontextmanager
async def statements_of(engine: AsyncEngine) -> AsyncIterator[list[Statement]]:
    """The statements over these tables that `engine` runs within the block, with their parameters."""
    statements: list[Statement] = []

    def note(query: Any) -> None:
        if any(table in query.query for table in _KEYS):
            statements.append((query.query, query.args))

    def listen(connection: Any, _record: Any) -> None:
        connection.driver_connection.add_query_logger(note)

    await engine.dispose()  # its connections are made within the block
    event.listen(engine.sync_engine, "connect", listen)
    yield statements
    event.remove(engine.sync_engine, "connect", listen)
    await engine.dispose()


async def partitions_touched(engine: AsyncEngine, statement: Statement) -> set[int]:
    """The partitions that PostgreSQL reads or writes for the statement. Its changes are rolled back."""
    query, parameters = statement
    async with driver_connection(engine) as connection:
        undone = connection.transaction()
        await undone.start()
        await connection.execute("DELETE FROM chat_message_outbox")  # an insert that was captured is run once more
        plan = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *parameters)
        await undone.rollback()
    return _touched(plan[0]["Plan"])


def _touched(node: dict[str, Any]) -> set[int]:
    found = _PARTITION.match(node.get("Relation Name", ""))
    own = {int(found[1])} if found and node["Actual Loops"] else set()
    return own.union(*(_touched(child) for child in node.get("Plans", ())))
