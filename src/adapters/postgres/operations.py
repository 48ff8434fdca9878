"""What was asked for with a `clientOperationId` in the last day (contract, section 11)."""

import asyncpg

from application.ports.changes.message_changes import OPERATIONS_KEPT, Operation

_OPERATION = (
    "SELECT digest FROM chat_operations WHERE actor_profile_id = $1 AND id = $2 AND done_at > now() - $3::interval"
)
_REMEMBER = """
    INSERT INTO chat_operations (actor_profile_id, id, digest) VALUES ($1, $2, $3)
    ON CONFLICT (actor_profile_id, id) DO UPDATE SET digest = excluded.digest, done_at = now()
"""
# Each operation takes two old ones along, so that there are never more than those of a day.
_FORGET = """
    DELETE FROM chat_operations WHERE ctid IN (
        SELECT ctid FROM chat_operations WHERE done_at < now() - $1::interval
        ORDER BY done_at LIMIT 2 FOR UPDATE SKIP LOCKED)
"""


async def is_repeated(connection: "asyncpg.Connection[asyncpg.Record]", operation: Operation | None) -> bool:
    """Whether it was done before. If not, remembers it: the caller's transaction does what it asks for, or fails.

    A command without an operation never repeats one. Raises `IdempotencyConflict` when something else was done.
    """
    if operation is None:
        return False
    done = await connection.fetchval(_OPERATION, operation.actor, operation.id, OPERATIONS_KEPT)
    if operation.repeats(done):
        return True
    await connection.execute(_REMEMBER, *operation)
    await connection.execute(_FORGET, OPERATIONS_KEPT)
    return False
