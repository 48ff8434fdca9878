"""Storing drafts in one transaction: the way of a message through PostgreSQL (contract, section 6)."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from adapters.postgres.database import LOCK_TIMEOUT
from adapters.postgres.message_columns import COLUMNS, MESSAGES
from adapters.postgres.rows import message_of
from application.ports.messages import AppendOutcome, Envelope, Repeated, Stored
from domain.admission import Verdict, admit
from domain.identifiers import ClientMessageId, SessionId
from domain.message import Draft, Message

# What somebody else has locked is left out: it never holds up the others. Nothing is waited for, so that no circle of
# waiting can be. A second statement bumps what is locked, since only a new snapshot sees what its last holder wrote.
_LOCK = "SELECT id, last_seq FROM chat_sessions WHERE id = ANY($1::uuid[]) FOR NO KEY UPDATE SKIP LOCKED"
_EXISTING = "SELECT id FROM chat_sessions WHERE id = ANY($1::uuid[])"
_WAIT = f"SELECT 1 FROM chat_sessions WHERE id = $1 AND {LOCK_TIMEOUT} FOR NO KEY UPDATE"  # noqa: S608
_KNOWN = f"SELECT {COLUMNS} FROM {MESSAGES} WHERE m.client_msg_id = ANY($1::uuid[])"  # noqa: S608
# Inserted in the order of client_msg_id, again for one order of waiting. The payload goes over the wire once a message.
_INSERT = """
    WITH message AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::uuid[])
            AS m(id, session_id, seq, sender_profile_id, content, client_msg_id)
    ), stored AS (
        INSERT INTO chat_messages (id, session_id, seq, sender_profile_id, content, client_msg_id, sent_at)
        SELECT id, session_id, seq, sender_profile_id, content, client_msg_id, $7 FROM message
        ON CONFLICT (client_msg_id) DO NOTHING RETURNING id
    ), bumped AS (
        UPDATE chat_sessions s SET last_seq = n.last_seq
        FROM (SELECT session_id, max(seq) AS last_seq FROM message GROUP BY session_id) n WHERE s.id = n.session_id
    ), owed AS (
        INSERT INTO chat_message_outbox (id, destination, payload, created_at, next_retry_at)
        SELECT o.id, o.destination, p.payload::jsonb, $7, $8
        FROM unnest($9::uuid[], $10::text[], $11::int[]) AS o(id, destination, of)
        JOIN unnest($12::text[]) WITH ORDINALITY AS p(payload, of) ON p.of = o.of
    )
    SELECT count(*) FROM stored
"""


class LostRace(Exception):
    """Somebody stored one of the `clientMessageId`s meanwhile: the transaction has to begin again."""


async def wait_for(connection: "asyncpg.Connection[asyncpg.Record]", session_id: SessionId) -> None:
    """Locks the session inside a transaction, before all others. Raises `LockNotAvailableError` after a moment."""
    await connection.execute(_WAIT, session_id)


async def append_once(
    connection: "asyncpg.Connection[asyncpg.Record]",
    drafts: Sequence[Draft],
    sent_at: datetime,
    claimed_until: datetime,
    envelope: Envelope,
    *,
    look_first: bool,
) -> list[AppendOutcome]:
    """Inside a transaction: one outcome a draft, in their order. Raises `LostRace`.

    Sessions that somebody else has locked are `SessionBusy`.
    Without `look_first` nothing is known of earlier messages: a repeat is a lost race then.
    """
    wanted = {draft.session_id for draft in drafts}
    rows = await connection.fetch(_LOCK, list(wanted))
    last_seq: Counter[SessionId] = Counter({row["id"]: row["last_seq"] for row in rows})
    left_out = wanted - last_seq.keys()
    busy = [row["id"] for row in await connection.fetch(_EXISTING, list(left_out))] if left_out else []
    known: dict[ClientMessageId, Message] = {}
    if look_first:
        found = await connection.fetch(_KNOWN, [draft.client_message_id for draft in drafts])
        known = {row["client_msg_id"]: message_of(row) for row in found}
    verdicts = admit(drafts, last_seq, known, busy)
    stored: dict[ClientMessageId, Stored] = {}
    for draft in verdicts:
        if isinstance(draft, Draft) and draft.client_message_id not in stored:
            last_seq[draft.session_id] += 1
            message = draft.stored(last_seq[draft.session_id], sent_at)
            stored[draft.client_message_id] = Stored(message, envelope(draft, message))
    if stored:
        await _insert(connection, list(stored.values()), sent_at, claimed_until)
    return _outcomes(verdicts, stored)


def _outcomes(verdicts: Sequence[Verdict], stored: dict[ClientMessageId, Stored]) -> list[AppendOutcome]:
    """The first of equal drafts was stored, the others repeat it."""
    new = dict(stored)
    outcomes: list[AppendOutcome] = []
    for verdict in verdicts:
        if isinstance(verdict, Draft):
            client_id = verdict.client_message_id
            outcomes.append(new.pop(client_id) if client_id in new else Repeated(stored[client_id].message))
        else:
            outcomes.append(Repeated(verdict) if isinstance(verdict, Message) else verdict)
    return outcomes


async def _insert(
    connection: "asyncpg.Connection[asyncpg.Record]", stored: list[Stored], sent_at: datetime, claimed_until: datetime
) -> None:
    stored.sort(key=lambda one: one.message.client_message_id)
    messages = [one.message for one in stored]
    payloads, entries = _outbox_columns(stored)
    count = await connection.fetchval(
        _INSERT,
        [message.id for message in messages],
        [message.session_id for message in messages],
        [message.seq for message in messages],
        [message.sender_id for message in messages],
        [message.content for message in messages],
        [message.client_message_id for message in messages],
        sent_at,
        claimed_until,
        [entry_id for entry_id, _, _ in entries],
        [destination for _, destination, _ in entries],
        [place for _, _, place in entries],
        payloads,
    )
    if count != len(messages):
        raise LostRace


def _outbox_columns(stored: Sequence[Stored]) -> tuple[list[str], list[tuple[UUID, str, int]]]:
    """The different payloads, and of each entry its id, destination and the place (from 1) of its payload."""
    payloads: list[str] = []
    entries: list[tuple[UUID, str, int]] = []
    for one in stored:
        start = len(payloads)
        for entry in one.entries:
            if len(payloads) == start or payloads[-1] != entry.payload:
                payloads.append(entry.payload)
            entries.append((entry.id, entry.destination, len(payloads)))
    return payloads, entries
