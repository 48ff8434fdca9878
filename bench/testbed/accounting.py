"""Counts what PostgreSQL holds after a phase, to account for every message."""

import asyncio
from uuid import UUID

import asyncpg

from bench.clients.client import LAST_NUMBER, client_message_id
from bench.results.store_counts import StoreCounts

OUTBOX_TIMEOUT = 30.0
STATEMENT_TIMEOUT = 120.0

_STORED = "SELECT count(*) FROM chat_messages WHERE client_msg_id BETWEEN $1 AND $2"
_SESSIONS_WITH_HOLES = """
    SELECT count(*) FROM
        (SELECT max(seq) AS last, count(*) AS messages FROM chat_messages GROUP BY session_id) s
    WHERE last <> messages
"""
_LAST_SEQS = "SELECT id, last_seq FROM chat_sessions"
_PENDING = "SELECT count(*) FROM chat_message_outbox WHERE processed = false"


async def count_in_store(url: str, run: int) -> StoreCounts:
    """Counts the messages of a run, when the outbox is empty or `OUTBOX_TIMEOUT` seconds have passed."""
    connection = await asyncpg.connect(url, command_timeout=STATEMENT_TIMEOUT)
    try:
        deadline = asyncio.get_running_loop().time() + OUTBOX_TIMEOUT
        while (pending := await connection.fetchval(_PENDING)) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.1)
        first, last = (UUID(client_message_id(run, number).decode()) for number in (0, LAST_NUMBER))
        stored = await connection.fetchval(_STORED, first, last)
        return StoreCounts(stored, await connection.fetchval(_SESSIONS_WITH_HOLES), pending)
    finally:
        await connection.close()


async def last_seqs(url: str) -> dict[str, int]:
    """The last `seq` of each session, by session id."""
    connection = await asyncpg.connect(url, command_timeout=STATEMENT_TIMEOUT)
    try:
        return {str(row["id"]): row["last_seq"] for row in await connection.fetch(_LAST_SEQS)}
    finally:
        await connection.close()
