"""Sessions in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.database import driver_connection, transaction
from adapters.postgres.overview import overview
from adapters.postgres.rows import session_of
from adapters.postgres.tables import chat_sessions
from application.concurrency.gathered import Gathered
from application.ports.sessions import SessionOverview, SessionPosition
from domain.identifiers import Intent, ProfileId, SessionId
from domain.session import ChatSession

_FIND = """
    SELECT id, sender_profile_id, receiver_profile_id, intent, created_at
    FROM chat_sessions WHERE id = ANY($1::uuid[])
"""


class PostgresSessionRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._finds: Gathered[SessionId, ChatSession] = Gathered(self._find)

    async def get_or_create(self, session: ChatSession) -> ChatSession:
        values = {
            "id": session.id,
            "sender_profile_id": session.pair.low,
            "receiver_profile_id": session.pair.high,
            "intent": session.intent,
        }
        stored = select(chat_sessions).where(
            chat_sessions.c.sender_profile_id == session.pair.low,
            chat_sessions.c.receiver_profile_id == session.pair.high,
            chat_sessions.c.intent == session.intent,
        )
        async with transaction(self._engine) as connection:
            found = (await connection.execute(stored)).mappings().first()
            if found is None:
                # waits for whoever makes the same one; the next statement then sees it
                await connection.execute(insert(chat_sessions).values(values).on_conflict_do_nothing())
                found = (await connection.execute(stored)).mappings().one()
        return session_of(dict(found))

    async def find(self, session_id: SessionId) -> ChatSession | None:
        return await self._finds(session_id)

    async def _find(self, session_ids: Sequence[SessionId]) -> Mapping[SessionId, ChatSession]:
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_FIND, session_ids)
        return {row["id"]: session_of(row) for row in rows}

    async def overview(
        self, readers: Collection[ProfileId], intent: Intent | None, after: SessionPosition | None, limit: int
    ) -> Sequence[SessionOverview]:
        return await overview(self._engine, readers, intent, after, limit)
