"""What users show of themselves, in PostgreSQL.

What the settings of a user hide stands in the rows of its sessions too, so that no read has to look it up. Who opens a
session and who changes settings keep apart by an advisory lock of the address: one of them sees the other.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.buckets import with_buckets
from adapters.postgres.connection.database import driver_connection
from adapters.postgres.connection.lock_turns import LockTurns
from adapters.postgres.operations import is_repeated
from adapters.postgres.sessions.shown_marks import frozen
from adapters.postgres.sides import chosen, of_both, set_chosen
from application.ports.changes.message_changes import Operation
from application.ports.showing import TOO_MANY, Side
from domain.errors import Invalid
from domain.identifiers import Email, Intent, ProfileId, SessionId
from domain.profile import Profile
from domain.showing import MAX_INTENTS, Hidden, Showing

_Mine = tuple[Email, Sequence[ProfileId], Sequence[Intent]]

SLICE: Final = 200
"""Sessions that are locked together."""
ALL_INTENTS: Final = Intent("")
"""Stands for the intents without settings of their own."""
_LOCK_CLASS: Final = 0x63736574  # any number that no other advisory lock of the service has

_OF = "SELECT intent, hides FROM chat_settings WHERE email = $1"
_HIDDEN_IN = """
    SELECT id, sender_hides | receiver_hides AS hides
    FROM chat_sessions WHERE bucket = ANY($2::smallint[]) AND id = ANY($1::uuid[])
"""
_LOCK = f"SELECT pg_advisory_xact_lock({_LOCK_CLASS}, hashtext($1))"
_LOCK_SHARED = f"SELECT pg_advisory_xact_lock_shared({_LOCK_CLASS}, hashtext($1))"
_HIDES = "SELECT hides FROM chat_settings WHERE email = $1 AND intent IN ($2, '') ORDER BY intent DESC LIMIT 1"
_OTHERS = "SELECT count(*) FROM chat_settings WHERE email = $1 AND intent <> $2"
_STORE = """
    INSERT INTO chat_settings (email, intent, hides) VALUES ($1, $2, $3)
    ON CONFLICT (email, intent) DO UPDATE SET hides = excluded.hides, updated_at = now()
"""


def _mine(sessions: str) -> str:
    """The user's sides in `sessions` that do not have its settings."""
    return f"""
        mine AS MATERIALIZED (
            SELECT p.id, (SELECT c.hides FROM chat_settings c WHERE c.email = $1 AND c.intent IN (p.intent, '')
                          ORDER BY c.intent DESC LIMIT 1) AS hides
            FROM unnest($2::uuid[], $3::text[]) AS p(id, intent)
        ), sides AS MATERIALIZED (
            SELECT s.id, mine.id AS reader, mine.hides, true AS is_sender
            FROM mine JOIN {sessions} s ON s.sender_profile_id = mine.id AND s.sender_hides <> mine.hides
            UNION ALL
            SELECT s.id, mine.id, mine.hides, false
            FROM mine JOIN {sessions} s ON s.receiver_profile_id = mine.id AND s.receiver_hides <> mine.hides
        )
    """  # noqa: S608 - made of constants


_TO_CHANGE = f"WITH {_mine('chat_sessions')} SELECT DISTINCT id FROM sides ORDER BY id"  # noqa: S608 - made of constants
# Sessions are locked in the order of their ids, as nobody else waits for one while it holds another.
_LOCK_SESSIONS = """
    SELECT id FROM chat_sessions WHERE bucket = ANY($2::smallint[]) AND id = ANY($1::uuid[])
    ORDER BY id FOR NO KEY UPDATE
"""
_HIDDEN = f"""
    ({chosen("is_sender", "{peer}_hides")} | side.hides) & {Hidden.DELIVERED:d} <> 0
    OR s.sender_blocked_at IS NOT NULL OR s.receiver_blocked_at IS NOT NULL
"""
_APPLY = f"""
    WITH slice AS MATERIALIZED (
        SELECT * FROM chat_sessions WHERE bucket = ANY($5::smallint[]) AND id = ANY($4::uuid[])
    ), {_mine("slice")}
    UPDATE chat_sessions s SET
        changed = greatest(s.changed, pg_current_xact_id()::text::bigint),
        {set_chosen("is_sender", "{side}_hides", "side.hides")},
        {of_both(frozen(_HIDDEN))}
    FROM sides side WHERE s.bucket = ANY($5::smallint[]) AND s.id = ANY($4::uuid[]) AND s.id = side.id
    RETURNING side.reader, s.id
"""  # noqa: S608 - made of constants


class PostgresShowingRepository:
    """Keeps settings in PostgreSQL. The port says what each method promises."""

    def __init__(self, engine: AsyncEngine, turns: LockTurns | None = None) -> None:
        self._engine = engine
        self._turns = turns or LockTurns(engine)

    async def of(self, email: Email) -> Mapping[Intent | None, Showing]:
        """See `ShowingRepository.of`."""
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_OF, email)
        return {
            None if row["intent"] == ALL_INTENTS else row["intent"]: Showing.of(Hidden(row["hides"])) for row in rows
        }

    async def hidden(self, session_ids: Collection[SessionId]) -> Mapping[SessionId, Hidden]:
        """See `ShowingRepository.hidden`."""
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_HIDDEN_IN, *with_buckets(session_ids))
        return {row["id"]: Hidden(row["hides"]) for row in rows}

    async def store(
        self,
        email: Email,
        profiles: Collection[Profile],
        intent: Intent | None,
        showing: Showing,
        operation: Operation | None = None,
    ) -> Sequence[Side]:
        """See `ShowingRepository.store`.

        The sessions follow a slice at a time, so that none is locked for long. A call that was interrupted is completed
        by its repeat. Sessions that are opened after the first transaction have the settings already.
        """
        mine = (email, [profile.id for profile in profiles], [profile.intent for profile in profiles])
        await self._turns.run(email, lambda connection: _store(connection, email, intent, showing, operation))
        async with driver_connection(self._engine) as connection:
            to_change = [row["id"] for row in await connection.fetch(_TO_CHANGE, *mine)]
        sides: list[Side] = []
        for start in range(0, len(to_change), SLICE):
            sides += await self._turns.run(email, partial(_apply, mine=mine, ids=to_change[start : start + SLICE]))
        return sides


async def _store(
    connection: "asyncpg.Connection[asyncpg.Record]",
    email: Email,
    intent: Intent | None,
    showing: Showing,
    operation: Operation | None,
) -> None:
    await lock_user(connection, email)
    if await is_repeated(connection, operation):
        return
    wanted = intent or ALL_INTENTS
    if await connection.fetchval(_OTHERS, email, wanted) > MAX_INTENTS:
        raise Invalid(TOO_MANY, field="intent")
    await connection.execute(_STORE, email, wanted, int(showing.hidden))


async def _apply(
    connection: "asyncpg.Connection[asyncpg.Record]", mine: _Mine, ids: Sequence[SessionId]
) -> Sequence[Side]:
    """Brings sessions to the settings of now, which may be later ones."""
    await lock_user(connection, mine[0])
    where = with_buckets(ids)
    await connection.execute(_LOCK_SESSIONS, *where)
    return [Side(row["reader"], row["id"]) for row in await connection.fetch(_APPLY, *mine, *where)]


async def lock_user(connection: "asyncpg.Connection[asyncpg.Record]", email: Email) -> None:
    """Keeps apart from whoever opens a session of the user, or changes what holds in all of them."""
    await connection.execute(_LOCK, email)


async def hides_of(connection: "asyncpg.Connection[asyncpg.Record]", email: Email | None, intent: Intent) -> int:
    """What a user hides in a session that the caller's transaction opens."""
    if email is None:
        return 0
    await connection.execute(_LOCK_SHARED, email)
    return await connection.fetchval(_HIDES, email, intent) or 0
