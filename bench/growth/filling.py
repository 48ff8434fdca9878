"""Fills a store by SQL: many sessions, whose messages are spread over time, and readers with very many sessions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

CROWDED = (1, 1_000, 10_000)
"""How many sessions the readers have whose lists are measured."""
MESSAGES_A_SESSION = 20
FEWEST_SESSIONS = 20_000
"""More than those of the crowded readers."""
EMPTY_SESSIONS = 2_000
"""Sessions of a store without messages. None of its readers has many."""
_TIMEOUT = 3_600.0

# Keys are UUIDv7 as those of the service are (RFC 9562, 5.7), of the time that the row pretends to be from.
_FUNCTIONS = """
    CREATE OR REPLACE FUNCTION pg_temp.uuid7(at timestamptz, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
        SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(hash, 1, 3)
                || '8' || substr(hash, 4, 15))::uuid
        FROM (SELECT md5(number::text) AS hash) hashed
    $$;
    CREATE OR REPLACE FUNCTION pg_temp.person(number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
        SELECT md5('person ' || number)::uuid
    $$
"""
# The sessions of the crowded are spread among the others. All messages are seen but the last of every eleventh session.
_SESSIONS = """
    INSERT INTO chat_sessions (
        id, sender_profile_id, receiver_profile_id, intent, created_at, last_seq, sender_seen_to, receiver_seen_to,
        sender_delivered_to, receiver_delivered_to, bucket, last_sent_seq, last_sent_at)
    SELECT id, least(one, other), greatest(one, other), 'bench', made_at, last, last - unseen, last - unseen,
           last - unseen, last - unseen, chat_bucket(id), last,
           $4::timestamptz + ((last - 1) * $1::bigint + number) * interval '100 us'
    FROM (
        SELECT pg_temp.uuid7(made_at, number) AS id, number, made_at, last,
               CASE WHEN number % 11 = 0 THEN least(last, 1) ELSE 0 END AS unseen,
               pg_temp.person(CASE WHEN number % every = 0 AND number / every <= 10000 THEN -10000
                              WHEN number % every = 1 AND number / every % 10 = 0 AND number / every < 10000 THEN -1000
                              ELSE 2 * number END) AS one,
               pg_temp.person(2 * number + 1) AS other
        FROM (SELECT number, $2::bigint AS last, $3::bigint AS every,
                     $4::timestamptz - interval '30 days' + number * interval '1 ms' AS made_at
              FROM generate_series(1, $1::bigint) number) numbered
    ) pair
"""
# One message of each session after the other, as messages come: those of a session lie on pages far apart.
_MESSAGES = """
    INSERT INTO chat_messages (
        id, session_id, seq, sender_profile_id, content, client_msg_id, sent_at, delivered, seen, changed, bucket)
    SELECT pg_temp.uuid7(sent_at, number), id, seq,
           CASE WHEN seq % 2 = 0 THEN sender_profile_id ELSE receiver_profile_id END,
           left(repeat(md5(number::text), 13), 20 + (number % 381)::int), gen_random_uuid(), sent_at,
           seq <= sender_delivered_to, seq <= sender_seen_to, 0, bucket
    FROM (
        SELECT *, $2::bigint + row_number() OVER () AS number, $1::bigint AS seq,
               $3::timestamptz + ($2::bigint + row_number() OVER ()) * interval '100 us' AS sent_at
        FROM chat_sessions WHERE intent = 'bench'
    ) s
"""
_KEYS = """
    SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
    WHERE conrelid = 'chat_messages'::regclass AND contype IN ('p', 'u')
"""
_INDEXES = """
    SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition FROM pg_index i
    WHERE i.indrelid = 'chat_messages'::regclass AND NOT i.indisunique
"""
_READERS = "SELECT pg_temp.person(3), pg_temp.person(-1000), pg_temp.person(-10000)"


@dataclass(frozen=True, slots=True)
class Filled:
    """What is in the store. `readers` are the profiles by how many sessions they have."""

    messages: int
    sessions: int
    readers: Mapping[int, UUID]


async def fill(url: str, messages: int) -> Filled:
    """Fills an empty store with at least `messages` messages, in sessions of 20 where there are many.

    The indexes of the messages are made afterwards, which is faster. Raises the driver's errors.
    """
    sessions = max(FEWEST_SESSIONS, messages // MESSAGES_A_SESSION) if messages else EMPTY_SESSIONS
    each = -(-messages // sessions)
    crowds = CROWDED if messages else CROWDED[:1]
    connection = await asyncpg.connect(url, command_timeout=_TIMEOUT)
    try:
        await connection.execute("SET maintenance_work_mem = '1GB'")
        await connection.execute("SET synchronize_seqscans = off")  # sessions are read in the order of their numbers
        began = datetime.now(UTC) - timedelta(days=60)
        await connection.execute(_FUNCTIONS)
        await connection.execute(_SESSIONS, sessions, each, max(2, sessions // CROWDED[-1]), began)
        if each:
            await _add_messages(connection, sessions, each, began)
        await settle(connection)
        readers = await connection.fetchrow(_READERS)
        assert readers is not None, "it has no condition"
        return Filled(sessions * each, sessions, dict(zip(crowds, readers, strict=False)))
    finally:
        await connection.close()


async def _add_messages(
    connection: "asyncpg.Connection[asyncpg.Record]", sessions: int, each: int, began: datetime
) -> None:
    keys, indexes = await connection.fetch(_KEYS), await connection.fetch(_INDEXES)
    for key in keys:
        await connection.execute(f"ALTER TABLE chat_messages DROP CONSTRAINT {key['name']}")
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    for seq in range(1, each + 1):
        await connection.execute(_MESSAGES, seq, (seq - 1) * sessions, began)
    for key in keys:
        await connection.execute(f"ALTER TABLE chat_messages ADD CONSTRAINT {key['name']} {key['definition']}")
    for index in indexes:
        await connection.execute(index["definition"])


async def settle(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Does what autovacuum and the next checkpoint would do while something is measured."""
    await connection.execute("VACUUM (ANALYZE)")
    await connection.execute("CHECKPOINT")
