"""Reads the store, without the service."""

from typing import NamedTuple

import asyncpg

from chaos.observations import Row

_ROWS = """
    SELECT m.id::text, m.session_id::text, m.seq, p.email, m.client_msg_id::text, m.content
    FROM chat_messages m JOIN chat_profiles p ON p.id = m.sender_profile_id ORDER BY m.session_id, m.seq
"""
_OUTBOX = """
    SELECT count(*) FILTER (WHERE dead_at IS NULL) AS pending, count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead
    FROM chat_message_outbox WHERE NOT processed
"""
_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"


class OutboxCounts(NamedTuple):
    """The number of pending and dead rows in the outbox."""

    pending: int
    dead: int


class Store:
    """The database at `url`. Each call opens a connection of its own."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def rows(self) -> list[Row]:
        """All messages, by session and `seq`."""
        return [Row(*row) for row in await self._fetch(_ROWS)]

    async def count(self) -> int:
        """The number of messages."""
        stored: int = (await self._fetch("SELECT count(*) FROM chat_messages"))[0][0]
        return stored

    async def outbox(self) -> OutboxCounts:
        """Counts the rows of the outbox that are not processed."""
        return OutboxCounts(*(await self._fetch(_OUTBOX))[0])

    async def backends(self) -> list[int]:
        """The process ids of the server processes that serve a connection."""
        return [row["pid"] for row in await self._fetch(_BACKENDS)]

    async def _fetch(self, query: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self._url, timeout=10)
        try:
            return list(await connection.fetch(query, timeout=60))
        finally:
            await connection.close()
