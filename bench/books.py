"""The store's side of the accounts: what is in PostgreSQL after a phase."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from bench.client import client_message_id

OUTBOX_TIMEOUT = 30.0

_STORED = "SELECT count(*) FROM chat_messages WHERE client_msg_id BETWEEN $1 AND $2"
_HOLES = """
    SELECT count(*) FROM
        (SELECT max(seq) AS last, count(*) AS messages FROM chat_messages GROUP BY session_id) s
    WHERE last <> messages
"""
_OWED = "SELECT count(*) FROM chat_message_outbox WHERE processed = false"


@dataclass(frozen=True)
class Books:
    """`holes` counts sessions whose `seq` is not 1..n; `owed` what the outbox still has after a while."""

    stored: int
    holes: int
    owed: int


async def read_books(url: str, run: int) -> Books:
    connection = await asyncpg.connect(url)
    try:
        deadline = asyncio.get_running_loop().time() + OUTBOX_TIMEOUT
        while (owed := await connection.fetchval(_OWED)) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.1)
        first, last = (UUID(client_message_id(run, number).decode()) for number in (0, 16**12 - 1))
        stored = await connection.fetchval(_STORED, first, last)
        return Books(stored, await connection.fetchval(_HOLES), owed)
    finally:
        await connection.close()
