"""Blocks in PostgreSQL.

Whether a side has blocked the other one stands in the row of the session too, as the lock that gives `seq` reads it.
Who opens a session and who blocks keep apart by the advisory lock of the blocker's address, as with settings.
"""

from collections.abc import Collection, Mapping, Sequence

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connection.database import driver_connection
from adapters.postgres.connection.lock_turns import LockTurns
from adapters.postgres.operations import is_repeated
from adapters.postgres.rows import Row
from adapters.postgres.sessions.showing import lock_user
from adapters.postgres.sessions.shown_marks import frozen
from adapters.postgres.sides import of_both
from application.ports.blocks import Blocking
from application.ports.changes.message_changes import Operation
from domain.blocks import MAX_BLOCKS, TOO_MANY, Block, Scope
from domain.email_address import unicode_email
from domain.errors import Invalid, ProfileNotFound
from domain.identifiers import Email, ProfileId
from domain.session import Pair
from domain.showing import Hidden

_COLUMNS = "blocked_profile_id, scope, blocked_at"
_NUMBER = "pg_current_xact_id()::text::bigint"
_MINE = "blocker_profile_id = ANY($1::uuid[])"

_MY_SIDE = """
    SELECT profile_id FROM chat_user_sessions WHERE profile_id = ANY($1::uuid[]) AND peer_id = $2
    ORDER BY profile_id LIMIT 1
"""
_OTHERS = f"""
    SELECT count(*) FROM chat_blocks WHERE {_MINE} AND scope IS NOT NULL AND blocked_profile_id <> $2
"""  # noqa: S608 - made of constants
_BLOCK = f"""
    INSERT INTO chat_blocks AS b (blocker_profile_id, blocked_profile_id, scope, changed) VALUES ($1, $2, $3, {_NUMBER})
    ON CONFLICT (blocker_profile_id, blocked_profile_id) DO UPDATE SET
        scope = excluded.scope, changed = excluded.changed,
        blocked_at = CASE WHEN b.scope IS NULL THEN excluded.blocked_at ELSE b.blocked_at END
    WHERE b.scope IS DISTINCT FROM excluded.scope RETURNING {_COLUMNS}
"""  # noqa: S608 - made of constants
_END = f"""
    UPDATE chat_blocks SET scope = NULL, changed = {_NUMBER}
    WHERE {_MINE} AND (blocked_profile_id = $2 AND scope IS NOT NULL
                       OR blocked_profile_id = ANY($3::uuid[]) AND scope = '{Scope.ALL}')
    RETURNING {_COLUMNS}
"""  # noqa: S608 - made of constants
_PAGE = f"""
    SELECT {_COLUMNS} FROM chat_blocks
    WHERE {_MINE} AND scope IS NOT NULL AND ($2::uuid IS NULL OR blocked_profile_id > $2)
    ORDER BY blocked_profile_id LIMIT $3
"""  # noqa: S608 - made of constants
_CHANGED = f"""
    SELECT {_COLUMNS} FROM chat_blocks WHERE {_MINE} AND changed >= $2 AND ($2 > 0 OR scope IS NOT NULL)
    ORDER BY changed, blocked_profile_id
"""  # noqa: S608 - made of constants
# The sessions of the two people, each from the side of the blocker, and whether it blocks there now.
_SESSIONS = f"""
    WITH theirs AS MATERIALIZED (
        SELECT u.session_id AS id, u.bucket, u.profile_id AS reader, EXISTS (
            SELECT FROM chat_blocks b
            WHERE {_MINE} AND b.blocked_profile_id = ANY($2::uuid[])
              AND (b.scope = '{Scope.ALL}' OR b.scope IS NOT NULL
                   AND b.blocker_profile_id = u.profile_id AND b.blocked_profile_id = u.peer_id)
        ) AS blocks
        FROM chat_user_sessions u WHERE u.profile_id = ANY($1::uuid[]) AND u.peer_id = ANY($2::uuid[])
    )
"""  # noqa: S608 - made of constants
# Sessions are locked in the order of their ids, as nobody else waits for one while it holds another.
_LOCK_SESSIONS = f"""
    {_SESSIONS}
    SELECT id FROM chat_sessions
    WHERE bucket IN (SELECT bucket FROM theirs) AND id IN (SELECT id FROM theirs) ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608 - made of constants
_HIDDEN = f"""
    (s.sender_hides | s.receiver_hides) & {Hidden.DELIVERED:d} <> 0 OR t.blocks
    OR CASE WHEN s.sender_profile_id = t.reader THEN s.receiver_blocked_at ELSE s.sender_blocked_at END IS NOT NULL
"""
# The number of the session stays: the blocked one is not to notice.
_APPLY = f"""
    {_SESSIONS}
    UPDATE chat_sessions s SET
        sender_blocked_at = CASE WHEN s.sender_profile_id <> t.reader THEN s.sender_blocked_at
                                 WHEN t.blocks THEN coalesce(s.sender_blocked_at, now()) END,
        receiver_blocked_at = CASE WHEN s.sender_profile_id = t.reader THEN s.receiver_blocked_at
                                   WHEN t.blocks THEN coalesce(s.receiver_blocked_at, now()) END,
        {of_both(frozen(_HIDDEN))}
    FROM theirs t WHERE s.bucket = t.bucket AND s.id = t.id
"""  # noqa: S608 - made of constants
_BLOCKS = f"""
    SELECT EXISTS (
        SELECT FROM chat_blocks
        WHERE blocker_profile_id IN (SELECT $1 UNION ALL SELECT id FROM chat_profiles WHERE email = ANY($3::text[]))
          AND (scope = '{Scope.ALL}' AND blocked_profile_id IN (
                   SELECT $2 UNION ALL SELECT id FROM chat_profiles WHERE email = ANY($4::text[]))
               OR scope IS NOT NULL AND blocker_profile_id = $1 AND blocked_profile_id = $2)
    )
"""  # noqa: S608 - made of constants


class PostgresBlockRepository:
    """Keeps blocks in PostgreSQL. The port says what each method promises."""

    def __init__(self, engine: AsyncEngine, turns: LockTurns | None = None) -> None:
        self._engine = engine
        self._turns = turns or LockTurns(engine)

    async def block(self, who: Blocking, scope: Scope | None, operation: Operation | None = None) -> Sequence[Block]:
        """See `BlockRepository.block`."""
        mine, theirs = list(who.mine), list(who.theirs)

        async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> Sequence[Block]:
            await lock_user(connection, who.email)
            my_side = await connection.fetchval(_MY_SIDE, mine, who.target)
            if my_side is None:
                raise ProfileNotFound
            if await is_repeated(connection, operation):
                return []
            if scope is None:
                rows = await connection.fetch(_END, mine, who.target, theirs)
            else:
                if await connection.fetchval(_OTHERS, mine, who.target) >= MAX_BLOCKS:
                    raise Invalid(TOO_MANY, field="profileId")
                rows = await connection.fetch(_BLOCK, my_side, who.target, scope.value)
            if rows:
                await connection.execute(_LOCK_SESSIONS, mine, theirs)
                await connection.execute(_APPLY, mine, theirs)
            return [_block(row) for row in rows]

        return await self._turns.run(who.email, work)

    async def page(self, mine: Collection[ProfileId], after: ProfileId | None, limit: int) -> Sequence[Block]:
        """See `BlockRepository.page`."""
        async with driver_connection(self._engine) as connection:
            return [_block(row) for row in await connection.fetch(_PAGE, list(mine), after, limit)]

    async def changed(self, mine: Collection[ProfileId], since: int) -> Sequence[Block]:
        """See `BlockRepository.changed`."""
        async with driver_connection(self._engine) as connection:
            return [_block(row) for row in await connection.fetch(_CHANGED, list(mine), since)]


async def blocks_of(
    connection: "asyncpg.Connection[asyncpg.Record]", pair: Pair, emails: Mapping[ProfileId, Email]
) -> tuple[bool, bool]:
    """Whether each side blocks the other one in a session that the caller's transaction opens.

    The transaction has the locks of both addresses (`hides_of`).
    """
    sides = (pair, pair[::-1])
    low, high = [
        await connection.fetchval(
            _BLOCKS, blocker, blocked, _spellings(emails.get(blocker)), _spellings(emails.get(blocked))
        )
        for blocker, blocked in sides
    ]
    return low, high


def _spellings(email: Email | None) -> list[str]:
    """As the directory may have the address. Version 0.1.0 has stored domains in Unicode."""
    return list({email, unicode_email(email)}) if email else []


def _block(row: Row) -> Block:
    scope = row["scope"]
    return Block(row["blocked_profile_id"], None if scope is None else Scope(scope), row["blocked_at"])
