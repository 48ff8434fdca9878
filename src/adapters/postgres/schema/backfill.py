"""Gives old rows what a new schema has of them, beside sends: in slices, each its own transaction."""

import logging
from collections.abc import Mapping
from time import monotonic, sleep

from sqlalchemy import Connection, text

from adapters.postgres.connection.database import NO_WAIT
from adapters.postgres.schema.user_sessions import COLUMNS

SLICE = 1_000
"""Rows of a slice. Sends do not wait for them: they come back to locked sessions and messages."""
LOG_EVERY = 30.0
"""Seconds between two lines in the log."""

log = logging.getLogger(__name__)

# Only a delete waits for these locks, so that it finds the rows that are made of the session.
_USER_SESSIONS = f"""
    WITH slice AS MATERIALIZED (
        SELECT id, sender_profile_id, receiver_profile_id, intent, bucket FROM chat_sessions
        WHERE CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid) ORDER BY id LIMIT :limit FOR KEY SHARE
    ), filled AS (
        INSERT INTO chat_user_sessions ({COLUMNS})
        SELECT sender_profile_id, intent, receiver_profile_id, id, bucket FROM slice
        UNION ALL SELECT receiver_profile_id, intent, sender_profile_id, id, bucket FROM slice
        ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT (SELECT id FROM slice ORDER BY id DESC LIMIT 1) AS last, 0 AS empty,
           (SELECT count(*) FROM filled) AS filled
"""  # noqa: S608 - made of constants


def backfill(connection: Connection, table: str, values: Mapping[str, str]) -> None:
    """Sets columns in each row of `table` where the first of them is NULL.

    `values` has an expression over the columns of `t`, the row, for each of them. Between two slices it pauses for as
    long as the last one took. `connection` commits each statement by itself. Passes over rows that somebody has locked,
    and comes back until none is left. Raises the driver's errors.
    """
    _run(connection, f"{table}.{next(iter(values))}", _slice(table, values))


def backfill_user_sessions(connection: Connection) -> None:
    """Makes the rows of `chat_user_sessions` of all sessions, as `backfill` does. Those that are there stay."""
    _run(connection, "chat_user_sessions", _USER_SESSIONS)


def _run(connection: Connection, name: str, slice_: str) -> None:
    statement = text(slice_)
    logged, rows = monotonic(), 0
    left_out = True
    while left_out:
        left_out, last = False, None
        while True:
            began = monotonic()
            found = connection.execute(statement, {"after": last, "limit": SLICE}).one()
            if found.last is None:
                break
            last, rows = found.last, rows + found.filled
            left_out |= found.filled < found.empty
            if monotonic() - logged > LOG_EVERY:
                logged = monotonic()
                log.info("%s: %d rows are filled", name, rows)
            sleep(monotonic() - began)


def _slice(table: str, values: Mapping[str, str]) -> str:
    first = next(iter(values))
    assignments = ", ".join(f"{column} = {value}" for column, value in values.items())
    return f"""
        WITH slice AS MATERIALIZED (
            SELECT id, {first} IS NULL AS is_empty FROM {table}
            WHERE CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid) ORDER BY id LIMIT :limit
        ), free AS MATERIALIZED (
            SELECT id FROM {table} WHERE id IN (SELECT id FROM slice WHERE is_empty) AND {first} IS NULL
            ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
        ), filled AS (
            UPDATE {table} t SET {assignments} FROM free WHERE t.id = free.id AND {NO_WAIT} RETURNING 1
        )
        SELECT (SELECT id FROM slice ORDER BY id DESC LIMIT 1) AS last,
               (SELECT count(*) FROM slice WHERE is_empty) AS empty, (SELECT count(*) FROM filled) AS filled
    """  # noqa: S608 - made of names in migrations
