"""The store's side of the accounts: what is in PostgreSQL after a phase."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from bench.client import LAST_NUMBER, client_message_id

OUTBOX_TIMEOUT = 30.0
STATEMENT_TIMEOUT = 120.0

_STORED = "SELECT count(*) FROM chat_messages WHERE client_msg_id BETWEEN $1 AND $2"
_SESSIONS_WITH_HOLES = """
    SELECT count(*) FROM
        (SELECT max(seq) AS last, count(*) AS messages FROM chat_messages GROUP BY session_id) s
    WHERE last <> messages
"""
_LAST_SEQS = "SELECT id, last_seq FROM chat_sessions"
_OWED = "SELECT count(*) FROM chat_message_outbox WHERE processed = false"


@dataclass(frozen=True)
class StoreCounts:
    """`stored` messages of a run, sessions whose `seq` has `holes`, and outbox rows still `owed` after a while."""

    stored: int
    holes: int
    owed: int


async def count_in_store(url: str, run: int) -> StoreCounts:
    """Waits up to `OUTBOX_TIMEOUT` seconds for the outbox to be empty, then counts."""
    connection = await asyncpg.connect(url, command_timeout=STATEMENT_TIMEOUT)
    try:
        deadline = asyncio.get_running_loop().time() + OUTBOX_TIMEOUT
        while (owed := await connection.fetchval(_OWED)) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.1)
        first, last = (UUID(client_message_id(run, number).decode()) for number in (0, LAST_NUMBER))
        stored = await connection.fetchval(_STORED, first, last)
        return StoreCounts(stored, await connection.fetchval(_SESSIONS_WITH_HOLES), owed)
    finally:
        await connection.close()


async def last_seqs(url: str) -> dict[str, int]:
    """The last `seq` of each session by its id."""
    connection = await asyncpg.connect(url, command_timeout=STATEMENT_TIMEOUT)
    try:
        return {str(row["id"]): row["last_seq"] for row in await connection.fetch(_LAST_SEQS)}
    finally:
        await connection.close()
