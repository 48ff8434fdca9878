"""Stores drafts in one transaction (contract, section 6)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from adapters.postgres.buckets import bucket_of
from adapters.postgres.message_columns import COLUMNS, MESSAGES
from adapters.postgres.messages.changes import messages_at
from adapters.postgres.messages.session_locks import LockedSession, lock
from adapters.postgres.rows import message_of
from application.ports.changes.message_changes import Place
from application.ports.messages import AppendOutcome, Envelope, Repeated, Stored
from domain.identifiers import ClientMessageId, MessageId, SessionId
from domain.message import Draft, Message
from domain.rules.admission import Verdict, admit, unquotable
from domain.rules.repeats import SentDigests
from domain.rules.standing import refusal, withheld
from domain.standing import OPEN

_KNOWN = f"SELECT {COLUMNS} FROM {MESSAGES} WHERE m.client_msg_id = ANY($1::uuid[])"  # noqa: S608
# Inserted in the order of client_msg_id, again for one order of waiting. The payload goes over the wire once a message,
# and is parsed once: without MATERIALIZED it would be for each outbox row.
_INSERT = """
    WITH message AS (
        SELECT *
        FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::uuid[], $7::timestamptz[],
                    $13::bigint[], $14::bigint[], $15::smallint[], $17::boolean[])
            AS m(id, session_id, seq, sender_profile_id, content, client_msg_id, sent_at, reply_to, changed, bucket,
                 withheld)
    ), stored AS (
        INSERT INTO chat_messages
            (id, session_id, seq, sender_profile_id, content, client_msg_id, sent_at, reply_to, changed, bucket,
             withheld)
        SELECT id, session_id, seq, sender_profile_id, content, client_msg_id, sent_at, reply_to, changed, bucket,
               withheld
        FROM message
        ON CONFLICT (client_msg_id) DO NOTHING RETURNING id
    ), bumped AS (
        UPDATE chat_sessions s SET
            last_seq = n.last_seq, changed = n.changed, last_sent_seq = n.last_seq, last_sent_at = n.sent_at,
            unread_seq = n.last_seq,
            sender_unread = CASE WHEN s.unread_seq = s.last_seq THEN s.sender_unread + CASE WHEN n.withheld THEN 0
                ELSE cardinality(array_positions(n.senders, s.receiver_profile_id)) END END,
            receiver_unread = CASE WHEN s.unread_seq = s.last_seq THEN s.receiver_unread + CASE WHEN n.withheld THEN 0
                ELSE cardinality(array_positions(n.senders, s.sender_profile_id)) END END,
            -- of a session where somebody is blocked only that one can write: all or none of them are withheld
            sender_last_shown = CASE WHEN n.withheld AND n.senders[1] = s.receiver_profile_id
                THEN coalesce(s.sender_last_shown, s.last_seq) END,
            receiver_last_shown = CASE WHEN n.withheld AND n.senders[1] = s.sender_profile_id
                THEN coalesce(s.receiver_last_shown, s.last_seq) END
        FROM (SELECT session_id, max(seq) AS last_seq, max(changed) AS changed, max(sent_at) AS sent_at,
                     array_agg(sender_profile_id) AS senders, bool_or(withheld) AS withheld
              FROM message GROUP BY session_id) n
        WHERE s.bucket = ANY($15) AND s.id = n.session_id
    ), payload AS MATERIALIZED (
        SELECT payload::jsonb, of FROM unnest($12::text[]) WITH ORDINALITY AS p(payload, of)
    ), owed AS (
        INSERT INTO chat_message_outbox (id, destination, payload, created_at, next_retry_at, bucket)
        SELECT o.id, o.destination, p.payload, now(), now() + $8::interval, o.bucket
        FROM unnest($9::uuid[], $10::text[], $11::int[], $16::smallint[]) AS o(id, destination, of, bucket)
        JOIN payload p ON p.of = o.of
    )
    SELECT count(*) FROM stored
"""


class LostRace(Exception):
    """Another transaction stored one of the `clientMessageId`s meanwhile. The caller begins again."""


async def append_once(
    connection: "asyncpg.Connection[asyncpg.Record]",
    drafts: Sequence[Draft],
    claim: timedelta,
    envelope: Envelope,
    digests: SentDigests,
    *,
    look_first: bool,
) -> list[AppendOutcome]:
    """Stores the drafts inside the caller's transaction, and returns one outcome for each, in order.

    Drafts in sessions that another transaction has locked are `SessionBusy`. With `look_first` it looks for messages
    that have the same `clientMessageId`; without it, a repeat is a lost race, unless it would be refused otherwise.
    Raises `LostRace`.
    """
    sessions, busy = await lock(connection, {draft.session_id for draft in drafts})
    known: dict[ClientMessageId, Message] = {}
    if suspects := drafts if look_first else _refused(drafts, sessions):
        found = await connection.fetch(_KNOWN, [draft.client_message_id for draft in suspects])
        known = {row["client_msg_id"]: message_of(row) for row in found}
    standings = {session_id: session.standing for session_id, session in sessions.items()}
    verdicts = admit(drafts, standings, known, digests, busy, await _unquotable(connection, drafts))
    stored: dict[ClientMessageId, Stored] = {}
    for draft in verdicts:
        if isinstance(draft, Draft) and draft.client_message_id not in stored:
            session = sessions[draft.session_id]
            session.last_seq += 1
            message = withheld(draft.stored(session.last_seq, session.sent_at), session.standing, draft.receiver.id)
            stored[draft.client_message_id] = Stored(message, envelope(draft, message))
    if stored:
        await _insert(connection, sessions, list(stored.values()), claim)
    return _outcomes(verdicts, stored)


def _refused(drafts: Sequence[Draft], sessions: Mapping[SessionId, LockedSession]) -> Sequence[Draft]:
    """The drafts that their sessions take only as repeats: nothing is looked up for the others."""
    if all(session.standing is OPEN for session in sessions.values()):
        return ()
    return [
        draft
        for draft in drafts
        if draft.session_id in sessions and refusal(sessions[draft.session_id].standing, draft.sender.id) is not None
    ]


async def _unquotable(
    connection: "asyncpg.Connection[asyncpg.Record]", drafts: Sequence[Draft]
) -> Collection[MessageId]:
    """Drafts that answer what their sender cannot see. The sessions are locked, so that it stays as it is."""
    places = {Place(draft.session_id, draft.reply_to) for draft in drafts if draft.reply_to is not None}
    if not places:
        return ()
    quoted = await messages_at(connection, places)
    return unquotable(drafts, lambda draft, seq: quoted.get(Place(draft.session_id, seq)))


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
    connection: "asyncpg.Connection[asyncpg.Record]",
    sessions: Mapping[SessionId, LockedSession],
    stored: list[Stored],
    claim: timedelta,
) -> None:
    stored.sort(key=lambda outcome: outcome.message.client_message_id)
    messages = [outcome.message for outcome in stored]
    buckets = [bucket_of(message.session_id) for message in messages]
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
        [message.reply_to for message in messages],
        [sessions[message.session_id].changed for message in messages],
        buckets,
        [bucket for bucket, outcome in zip(buckets, stored, strict=True) for _ in outcome.entries],
        [message.withheld for message in messages],
    )
    if count != len(messages):
        raise LostRace


def _outbox_columns(stored: Sequence[Stored]) -> tuple[list[str], list[tuple[UUID, str, int]]]:
    """The different payloads, and of each entry its id, destination and the place (from 1) of its payload."""
    payloads: list[str] = []
    entries: list[tuple[UUID, str, int]] = []
    for outcome in stored:
        start = len(payloads)
        for entry in outcome.entries:
            if len(payloads) == start or payloads[-1] != entry.payload:
                payloads.append(entry.payload)
            entries.append((entry.id, entry.destination, len(payloads)))
    return payloads, entries
