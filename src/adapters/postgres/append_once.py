"""Storing drafts in one transaction: the way of a message through PostgreSQL (contract, section 6)."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from adapters.postgres.message_columns import COLUMNS, MESSAGES
from adapters.postgres.rows import message_of
from adapters.postgres.session_locks import lock
from application.ports.messages import AppendOutcome, Envelope, Repeated, Stored
from domain.admission import Verdict, admit
from domain.identifiers import ClientMessageId
from domain.message import Draft, Message

_KNOWN = f"SELECT {COLUMNS} FROM {MESSAGES} WHERE m.client_msg_id = ANY($1::uuid[])"  # noqa: S608
# Inserted in the order of client_msg_id, again for one order of waiting. The payload goes over the wire once a message,
# and is parsed once: without MATERIALIZED it would be for each outbox row.
_INSERT = """
    WITH message AS (
        SELECT *
        FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::uuid[], $7::timestamptz[])
            AS m(id, session_id, seq, sender_profile_id, content, client_msg_id, sent_at)
    ), stored AS (
        INSERT INTO chat_messages (id, session_id, seq, sender_profile_id, content, client_msg_id, sent_at)
        SELECT id, session_id, seq, sender_profile_id, content, client_msg_id, sent_at FROM message
        ON CONFLICT (client_msg_id) DO NOTHING RETURNING id
    ), bumped AS (
        UPDATE chat_sessions s SET last_seq = n.last_seq
        FROM (SELECT session_id, max(seq) AS last_seq FROM message GROUP BY session_id) n WHERE s.id = n.session_id
    ), payload AS MATERIALIZED (
        SELECT payload::jsonb, of FROM unnest($12::text[]) WITH ORDINALITY AS p(payload, of)
    ), owed AS (
        INSERT INTO chat_message_outbox (id, destination, payload, created_at, next_retry_at)
        SELECT o.id, o.destination, p.payload, now(), now() + $8::interval
        FROM unnest($9::uuid[], $10::text[], $11::int[]) AS o(id, destination, of)
        JOIN payload p ON p.of = o.of
    )
    SELECT count(*) FROM stored
"""


class LostRace(Exception):
    """Somebody stored one of the `clientMessageId`s meanwhile: the transaction has to begin again."""


async def append_once(
    connection: "asyncpg.Connection[asyncpg.Record]",
    drafts: Sequence[Draft],
    claim: timedelta,
    envelope: Envelope,
    *,
    look_first: bool,
) -> list[AppendOutcome]:
    """Inside a transaction: one outcome a draft, in their order. Raises `LostRace`.

    Sessions that somebody else has locked are `SessionBusy`.
    Without `look_first` nothing is known of earlier messages: a repeat is a lost race then.
    """
    sessions, busy = await lock(connection, {draft.session_id for draft in drafts})
    known: dict[ClientMessageId, Message] = {}
    if look_first:
        found = await connection.fetch(_KNOWN, [draft.client_message_id for draft in drafts])
        known = {row["client_msg_id"]: message_of(row) for row in found}
    verdicts = admit(drafts, sessions, known, busy)
    stored: dict[ClientMessageId, Stored] = {}
    for draft in verdicts:
        if isinstance(draft, Draft) and draft.client_message_id not in stored:
            session = sessions[draft.session_id]
            session.last_seq += 1
            message = draft.stored(session.last_seq, session.sent_at)
            stored[draft.client_message_id] = Stored(message, envelope(draft, message))
    if stored:
        await _insert(connection, list(stored.values()), claim)
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


async def _insert(connection: "asyncpg.Connection[asyncpg.Record]", stored: list[Stored], claim: timedelta) -> None:
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
        [message.sent_at for message in messages],
        claim,
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
